using System.Globalization;

namespace Samepage.Linux.Proc;

/// <summary>One mapping that the kernel may merge pages of: it has the flag <c>mg</c> in <c>/proc/PID/smaps</c>.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">First address behind it.</param>
/// <param name="ResidentBytes">How much of it is present.</param>
/// <param name="MergedBytes">
/// How much of it sits on shared stable pages, merged zero pages excepted; null where the kernel does not say (before 6.7).
/// </param>
public sealed record MergeableRegion(ulong Start, ulong End, long ResidentBytes, long? MergedBytes)
{
    /// <summary>Reads the mergeable mappings out of the text of smaps, in address order.</summary>
    public static List<MergeableRegion> Parse(string smaps)
    {
        var regions = new List<MergeableRegion>();
        var current = new MergeableRegion(0, 0, 0, null);
        foreach (var line in smaps.AsSpan().EnumerateLines())
        {
            if (Header(line) is var (start, end))
            {
                current = new MergeableRegion(start, end, 0, null);
            }
            else if (line.StartsWith("Rss:"))
            {
                current = current with { ResidentBytes = Kilobytes(line[4..]) * 1024 };
            }
            else if (line.StartsWith("KSM:"))
            {
                current = current with { MergedBytes = Kilobytes(line[4..]) * 1024 };
            }
            else if (line.StartsWith("VmFlags:") && $"{line} ".Contains(" mg ", StringComparison.Ordinal))
            {
                regions.Add(current);
            }
        }

        return regions;
    }

    private static (ulong Start, ulong End)? Header(ReadOnlySpan<char> line)
    {
        var dash = line.IndexOf('-');
        var blank = line.IndexOf(' ');
        return dash > 0 && blank > dash
            && ulong.TryParse(line[..dash], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var start)
            && ulong.TryParse(line[(dash + 1)..blank], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var end)
                ? (start, end)
                : null;
    }

    private static long Kilobytes(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        var blank = text.IndexOf(' ');
        return long.TryParse(blank < 0 ? text : text[..blank], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}
