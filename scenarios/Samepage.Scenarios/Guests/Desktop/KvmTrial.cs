using Samepage.Linux;

namespace Samepage.Scenarios.Guests.Desktop;

/// <summary>
/// Whether guests boot with the processor's help here. That /dev/kvm can be opened does not say so (inside some virtual
/// machines it is there and guests stand still), so one small guest tries, once for each start of the machine.
/// </summary>
internal static class KvmTrial
{
    private const string Device = "/dev/kvm";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(12);

    /// <summary>Asks the note of an earlier trial, or tries.</summary>
    /// <param name="tools">What a guest is made of.</param>
    /// <param name="image">What it boots.</param>
    /// <param name="cacheDirectory">Where the outcome is noted.</param>
    /// <param name="trying">Told that a trial begins.</param>
    /// <param name="cancel">Calls it off.</param>
    public static bool Boots(GuestTools tools, DesktopImage image, string cacheDirectory, Action trying, CancellationToken cancel)
    {
        if (KernelFile.TryOpenForWriting(Device) != Errno.None)
        {
            return false;
        }

        var note = Path.Combine(cacheDirectory, "kvm-boots");
        var boot = KernelFile.TryReadText("/proc/sys/kernel/random/boot_id")?.Trim() ?? "";
        if (File.Exists(note) && File.ReadAllText(note).Split(' ') is [var noted, var outcome] && noted == boot)
        {
            return outcome == "yes";
        }

        trying();
        var boots = Try(tools, image, cancel);
        cancel.ThrowIfCancellationRequested();
        Directory.CreateDirectory(cacheDirectory);
        File.WriteAllText(note, $"{boot} {(boots ? "yes" : "no")}");
        return boots;
    }

    private static bool Try(GuestTools tools, DesktopImage image, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(s_patience);
        var bytes = Math.Max(256L << 20, image.CommonBytes * 2);
        using var guest = new DesktopGuest(tools, image, new DesktopGuestOptions(1, bytes) { UsesKvm = true });
        try
        {
            guest.Start(patience.Token);
            return guest.Verify(patience.Token).IsUnchanged;
        }
        catch (Exception failed) when (failed is ScenarioException or OperationCanceledException)
        {
            return false;
        }
    }
}
