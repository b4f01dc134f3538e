using System.Globalization;

namespace Samepage.Linux.Swapping;

/// <summary>
/// Compressed memory as a block device: makes and removes zram devices through <c>/sys/class/zram-control</c>. Reading
/// <c>hot_add</c> makes one, so nothing here reads it but to do so. Thread-safe: it keeps nothing.
/// </summary>
/// <param name="sysRoot">Where sysfs is mounted; tests replace it.</param>
/// <param name="devRoot">Where device nodes are.</param>
public sealed class ZramControl(string sysRoot = "/sys", string devRoot = "/dev")
{
    /// <summary>Whether the kernel has zram, loaded or built in.</summary>
    public bool Exists => File.Exists($"{sysRoot}/class/zram-control/hot_add");

    /// <summary>The device's node.</summary>
    public string NodeOf(int device) => string.Create(CultureInfo.InvariantCulture, $"{devRoot}/zram{device}");

    /// <summary>Makes a device without a size and says its number.</summary>
    /// <exception cref="LinuxException">The kernel has no zram, or makes none.</exception>
    public int Add()
    {
        var text = KernelFile.ReadText($"{sysRoot}/class/zram-control/hot_add");
        return int.TryParse(text.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var device)
            ? device
            : throw new LinuxException("hot_add", Errno.EINVAL, text.Trim());
    }

    /// <summary>Gives a new device its size: so much fits before compression.</summary>
    /// <exception cref="LinuxException">It has a size already (EBUSY), or there is no memory for its table.</exception>
    public void SetSize(int device, long bytes) =>
        KernelFile.WriteText($"{BlockOf(device)}/disksize", bytes.ToString(CultureInfo.InvariantCulture));

    /// <summary>Its size; 0 before it was given one; null where there is no such device.</summary>
    public long? SizeOf(int device) =>
        long.TryParse(KernelFile.TryReadText($"{BlockOf(device)}/disksize").AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
            ? bytes
            : null;

    /// <summary>Drops what it holds and removes it.</summary>
    /// <exception cref="LinuxException">EBUSY: it is open, for example switched on as swap.</exception>
    public void Remove(int device)
    {
        KernelFile.WriteText($"{BlockOf(device)}/reset", "1");
        KernelFile.WriteText($"{sysRoot}/class/zram-control/hot_remove", device.ToString(CultureInfo.InvariantCulture));
    }

    private string BlockOf(int device) => string.Create(CultureInfo.InvariantCulture, $"{sysRoot}/block/zram{device}");
}
