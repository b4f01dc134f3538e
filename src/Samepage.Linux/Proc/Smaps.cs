using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Samepage.Linux.Proc;

/// <summary>
/// Reads <c>/proc/PID/smaps</c>: a header line for each mapping, as in maps, then "Key: value kB" lines and VmFlags.
/// Works on bytes, as a process with 30,000 mappings has a file of 20 MB.
/// </summary>
public static class Smaps
{
    /// <summary>The mappings of a process, in ascending order.</summary>
    /// <exception cref="LinuxException">The process is gone or the caller may not look at it.</exception>
    public static IReadOnlyList<MemoryRegion> Read(ProcFs proc, int pid) => Parse(KernelFile.ReadBytes(proc.PathOf(pid, "smaps")));

    /// <summary>Reads the file's bytes. Lines that it does not know are skipped, as kernels add their own.</summary>
    /// <exception cref="FormatException">A header line is none.</exception>
    public static IReadOnlyList<MemoryRegion> Parse(ReadOnlySpan<byte> text)
    {
        var regions = new List<MemoryRegion>();
        while (!text.IsEmpty)
        {
            var end = text.IndexOf((byte)'\n');
            var line = end < 0 ? text : text[..end];
            text = end < 0 ? [] : text[(end + 1)..];
            if (IsDetail(line))
            {
                AddDetail(regions, line);
            }
            else if (!line.IsEmpty)
            {
                regions.Add(ParseHeader(line));
            }
        }

        return regions;
    }

    /// <summary>Detail lines begin with a capital letter, header lines with a hexadecimal digit in lower case.</summary>
    private static bool IsDetail(ReadOnlySpan<byte> line) => line.Length > 0 && line[0] is >= (byte)'A' and <= (byte)'Z';

    private static void AddDetail(List<MemoryRegion> regions, ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon < 0 || regions.Count == 0)
        {
            return;
        }

        var region = regions[^1];
        var key = line[..colon];
        var value = line[(colon + 1)..].TrimStart((byte)' ');
        if (key.SequenceEqual("Rss"u8))
        {
            region.ResidentBytes = Bytes(value);
        }
        else if (key.SequenceEqual("Anonymous"u8))
        {
            region.AnonymousBytes = Bytes(value);
        }
        else if (key.SequenceEqual("Swap"u8))
        {
            region.SwapBytes = Bytes(value);
        }
        else if (key.SequenceEqual("KSM"u8))
        {
            region.MergedBytes = Bytes(value);
        }
        else if (key.SequenceEqual("VmFlags"u8))
        {
            region.Flags = Encoding.ASCII.GetString(value);
        }
    }

    private static long Bytes(ReadOnlySpan<byte> value) =>
        Utf8Parser.TryParse(value, out long kilobytes, out _) && kilobytes is >= 0 and < long.MaxValue / 1024 ? kilobytes * 1024 : 0;

    /// <summary>"start-end perms offset dev inode    path".</summary>
    private static MemoryRegion ParseHeader(ReadOnlySpan<byte> line)
    {
        var rest = line;
        var range = Next(ref rest);
        var permissions = Next(ref rest);
        _ = Next(ref rest);
        _ = Next(ref rest);
        var inode = Next(ref rest);
        var dash = range.IndexOf((byte)'-');
        if (dash < 0 || permissions.Length < 4
            || !ulong.TryParse(range[..dash], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var start)
            || !ulong.TryParse(range[(dash + 1)..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var stop)
            || !ulong.TryParse(inode, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || stop < start)
        {
            throw new FormatException("not a mapping line of smaps");
        }

        return new MemoryRegion
        {
            Start = start,
            End = stop,
            IsReadable = permissions[0] == 'r',
            IsShared = permissions[3] == 's',
            Inode = number,
            Path = Encoding.UTF8.GetString(rest.TrimStart((byte)' ')),
        };
    }

    private static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> rest)
    {
        var blank = rest.IndexOf((byte)' ');
        var word = blank < 0 ? rest : rest[..blank];
        rest = blank < 0 ? [] : rest[(blank + 1)..];
        return word;
    }
}
