using System.Text.RegularExpressions;

namespace Samepage.Scenarios.Guests;

/// <summary>Finds kernels on this machine that a guest can boot.</summary>
internal static partial class GuestKernel
{
    private const int MagicOffset = 0x202;

    /// <summary>What the guest's console, its devices and its file system need, compiled in.</summary>
    private static readonly string[] s_needed = ["CONFIG_SERIAL_8250_CONSOLE", "CONFIG_DEVTMPFS", "CONFIG_BLK_DEV_INITRD"];

    /// <summary>Readable x86 kernels under /boot and /lib/modules, newest version first.</summary>
    /// <param name="root">Where the machine's files are; tests replace it.</param>
    public static IReadOnlyList<string> Find(string root = "/")
    {
        var boot = Files(Path.Combine(root, "boot"), "vmlinuz-*");
        var modules = Files(Path.Combine(root, "lib/modules"), "vmlinuz", depth: 1);
        return [.. boot.Concat(modules)
            .Where(path => IsBootImage(path) && HasWhatIsNeeded(path))
            .OrderByDescending(VersionKey, StringComparer.Ordinal)];
    }

    private static string[] Files(string directory, string pattern, int depth = 0) =>
        Directory.Exists(directory)
            ? Directory.GetFiles(directory, pattern, new EnumerationOptions
            {
                RecurseSubdirectories = depth > 0,
                MaxRecursionDepth = depth,
                IgnoreInaccessible = true,
            })
            : [];

    /// <summary>The setup header of every bzImage carries "HdrS" (x86 boot protocol).</summary>
    private static bool IsBootImage(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var magic = new byte[4];
            file.Position = MagicOffset;
            return file.ReadAtLeast(magic, 4, throwOnEndOfStream: false) == 4 && magic.AsSpan().SequenceEqual("HdrS"u8);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Asks the configuration beside the kernel; without one the boot itself will tell.</summary>
    private static bool HasWhatIsNeeded(string path)
    {
        var name = Path.GetFileName(path);
        var directory = Path.GetDirectoryName(path)!;
        var config = name == "vmlinuz" ? "config" : "config-" + name["vmlinuz-".Length..];
        if (!File.Exists(Path.Combine(directory, config)))
        {
            return true;
        }

        try
        {
            var lines = File.ReadLines(Path.Combine(directory, config)).ToHashSet();
            return s_needed.All(needed => lines.Contains(needed + "=y"));
        }
        catch (UnauthorizedAccessException)
        {
            return true;
        }
    }

    /// <summary>The version with its numbers filled up, so that 6.12 sorts after 6.1.</summary>
    private static string VersionKey(string path)
    {
        var name = Path.GetFileName(path);
        var version = name == "vmlinuz" ? Path.GetFileName(Path.GetDirectoryName(path)!) : name["vmlinuz-".Length..];
        return Digits().Replace(version, number => number.Value.PadLeft(10, '0'));
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();
}
