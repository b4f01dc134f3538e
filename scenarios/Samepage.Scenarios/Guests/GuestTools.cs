namespace Samepage.Scenarios.Guests;

/// <summary>What of this machine a guest is made of.</summary>
/// <param name="Qemu">The emulator.</param>
/// <param name="Busybox">A static busybox: the guest's whole user land.</param>
/// <param name="Kernels">Kernels to boot, newest first.</param>
public sealed record GuestTools(string Qemu, string Busybox, IReadOnlyList<string> Kernels)
{
    /// <summary>Looks for the tools.</summary>
    /// <param name="missing">What is not there, each with the Debian package that brings it; empty where all is.</param>
    /// <returns>The tools, or null where something is missing.</returns>
    public static GuestTools? Find(out IReadOnlyList<string> missing)
    {
        var qemu = Executable.Find("qemu-system-x86_64");
        var busybox = Executable.Find("busybox") is { } found && StaticElf.Is(found) ? found : null;
        var kernels = GuestKernel.Find();
        var absent = new List<string>();
        void Need(bool isThere, string what)
        {
            if (!isThere)
            {
                absent.Add(what);
            }
        }

        Need(qemu is not null, "qemu-system-x86_64 (package qemu-system-x86)");
        Need(kernels.Count > 0, "a readable guest kernel under /boot (package linux-image-cloud-amd64)");
        Need(busybox is not null, "a static busybox (package busybox-static)");
        Need(OwnedProcess.CanBeOwned, "setpriv and setsid (package util-linux)");
        missing = absent;
        return absent.Count == 0 ? new GuestTools(qemu!, busybox!, kernels) : null;
    }
}
