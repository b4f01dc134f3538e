using System.Globalization;

namespace Samepage.Scenarios.Guests;

/// <summary>How a guest is started.</summary>
/// <param name="Number">Which one of its scenario, from 1.</param>
/// <param name="MemoryMegabytes">Its memory.</param>
public sealed record GuestOptions(int Number, int MemoryMegabytes)
{
    /// <summary>Whether QEMU itself asks the kernel to merge the guest's memory.</summary>
    public bool MergesMemory { get; init; }

    /// <summary>Whether the guest's memory is a shared memfd, which the kernel never merges: the silent no-op.</summary>
    public bool HasSharedMemory { get; init; }

    /// <summary>What QEMU finds in its environment beside ours: a preloaded library and its settings, for example.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>More words for the guest kernel's command line: guests with other words lay out their memory otherwise.</summary>
    public string KernelWords { get; init; } = "";

    /// <summary>Megabytes of its memory that the guest writes anew without end, with pieces of the common files; 0: none.</summary>
    public int ChurnMegabytes { get; init; }

    /// <summary>How many seconds the guest rests between two megabytes of churn.</summary>
    public int ChurnRestSeconds { get; init; } = 1;

    /// <summary>
    /// Ports of this machine's loopback that lead to one of the guest's: it has a network card then, which leads nowhere
    /// else.
    /// </summary>
    public (int Host, int Guest)? Forward { get; init; }

    /// <summary>Random data that only this guest holds.</summary>
    public int UniqueMegabytes { get; init; } = Math.Clamp(MemoryMegabytes / 64, 2, 16);
}

/// <summary>
/// A QEMU guest with a real kernel, emulated without hardware help, so that it runs wherever QEMU does. It boots in
/// about six seconds of CPU time.
/// </summary>
/// <param name="tools">What it is made of.</param>
/// <param name="kernel">Which of the kernels to boot.</param>
/// <param name="image">The file system it boots into.</param>
/// <param name="options">How it is started.</param>
public sealed class Guest(GuestTools tools, string kernel, GuestImage image, GuestOptions options)
    : ScenarioProgram(image.SharedDigest)
{
    /// <inheritdoc/>
    public override string Description =>
        FormattableString.Invariant($"guest {options.Number}: QEMU, {options.MemoryMegabytes} MB");

    /// <inheritdoc/>
    internal override TimeSpan Patience => TimeSpan.FromSeconds(180);

    private protected override OwnedProcess Launch() =>
        OwnedProcess.Start(Description, tools.Qemu, Arguments(), options.Environment);

    private List<string> Arguments()
    {
        var memory = options.MemoryMegabytes.ToString(CultureInfo.InvariantCulture) + "M";
        var machine = $"pc,mem-merge={(options.MergesMemory ? "on" : "off")}";
        List<string> arguments =
        [
            "-nodefaults", "-no-user-config", "-nographic", "-no-reboot",
            "-accel", "tcg", "-cpu", "qemu64,+rdrand", "-smp", "1", "-m", memory,
            "-chardev", "stdio,id=line,signal=off", "-serial", "chardev:line",
            "-kernel", kernel, "-initrd", image.Path,
            // A guest that panics resets at once, and with -no-reboot QEMU then ends: the reason is heard without waiting.
            "-append", KernelCommandLine(),
        ];
        if (options.HasSharedMemory)
        {
            machine += ",memory-backend=ram";
            arguments.AddRange(["-object", $"memory-backend-memfd,id=ram,size={memory},share=on"]);
        }

        if (options.Forward is var (host, guest))
        {
            var forward = FormattableString.Invariant($"hostfwd=tcp:127.0.0.1:{host}-:{guest}");
            arguments.AddRange(["-netdev", $"user,id=net,restrict=on,{forward}", "-device", "virtio-net-pci,netdev=net,romfile="]);
        }

        arguments.AddRange(["-machine", machine]);
        return arguments;
    }

    /// <summary>The kernel hands words of the form NAME=VALUE that it does not know to the first process as environment.</summary>
    private string KernelCommandLine() => FormattableString.Invariant(
        $"console=ttyS0 quiet panic=-1 SAMEPAGE_UNIQUE_MB={options.UniqueMegabytes} SAMEPAGE_CHURN_MB={options.ChurnMegabytes} SAMEPAGE_CHURN_REST={options.ChurnRestSeconds} {options.KernelWords}").TrimEnd();
}
