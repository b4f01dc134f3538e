using System.Globalization;

namespace Samepage.Scenarios.Guests.Desktop;

/// <summary>How a desktop-like guest is started.</summary>
/// <param name="Number">Which one of its scenario, from 1.</param>
/// <param name="MemoryBytes">Its memory, whole megabytes.</param>
public sealed record DesktopGuestOptions(int Number, long MemoryBytes)
{
    /// <summary>The least in which a kernel boots and something is left.</summary>
    public const long MemoryBytesMin = 192L << 20;

    /// <summary>Data that only this guest holds: 45 MB of a gigabyte.</summary>
    public int OwnMegabytes { get; init; } = (int)Math.Clamp(MemoryBytes * 45 / 1024 >> 20, 4, 60);

    /// <summary>How much of its memory it checks in a second.</summary>
    public int CheckKilobytes { get; init; } = 1024;

    /// <summary>What QEMU finds in its environment beside ours.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The file by which QEMU enters a control group; null for none.</summary>
    public string? Group { get; init; }

    /// <summary>Whether the processor helps: /dev/kvm.</summary>
    public bool UsesKvm { get; init; }
}

/// <summary>
/// A QEMU guest with a real kernel that does what a desktop guest did: it zeroes all of its memory, loads the same files
/// as its siblings, holds data of its own, rewrites a little of it for ever, and checks all of it for ever.
/// </summary>
/// <param name="tools">What it is made of.</param>
/// <param name="image">What it boots and loads.</param>
/// <param name="options">How it is started.</param>
public sealed class DesktopGuest(GuestTools tools, DesktopImage image, DesktopGuestOptions options) : ScenarioProgram(image.CommonSum)
{
    /// <summary>Translated code that QEMU keeps. By default it would take as much as the guest has memory.</summary>
    private const int TranslationMegabytes = 32;

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"guest {options.Number}: QEMU, {options.MemoryBytes >> 20} MB");

    /// <summary>Many boot on few processors.</summary>
    internal override TimeSpan Patience => TimeSpan.FromMinutes(5);

    /// <summary>QEMU's own memory, roughly, beside the guest's: its heap, translated code and stacks.</summary>
    public const long MonitorBytes = 64L << 20;

    private protected override OwnedProcess Launch() => OwnedProcess.Start(Description, tools.Qemu, Arguments(), options.Environment, options.Group);

    private List<string> Arguments() =>
    [
        "-nodefaults", "-no-user-config", "-nographic", "-no-reboot", "-smp", "1",
        "-m", FormattableString.Invariant($"{options.MemoryBytes >> 20}M"), "-machine", "pc,mem-merge=on",
        .. options.UsesKvm
            ? (string[])["-accel", "kvm", "-cpu", "host"]
            : ["-accel", $"tcg,tb-size={TranslationMegabytes.ToString(CultureInfo.InvariantCulture)}", "-cpu", "qemu64,+rdrand"],
        "-chardev", "stdio,id=line,signal=off", "-serial", "chardev:line",
        "-kernel", tools.Kernels[0], "-initrd", image.Archive,
        "-drive", $"file={image.Disk},if=none,id=disk,format=raw,readonly=on,file.locking=off", "-device", "nvme,drive=disk,serial=samepage",
        "-append", FormattableString.Invariant(
            $"console=ttyS0 quiet panic=-1 SAMEPAGE_NUMBER={options.Number} SAMEPAGE_COMMON={image.CommonBytes} SAMEPAGE_OWN_MB={options.OwnMegabytes} SAMEPAGE_CHECK_KB={options.CheckKilobytes}"),
    ];
}
