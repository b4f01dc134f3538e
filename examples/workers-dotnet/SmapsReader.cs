using System.Globalization;

namespace Workers;

/// <summary>The kernel's own word on memory: how much of some ranges is this process's alone, and what its share is.</summary>
internal static class SmapsReader
{
    public static (long Private, long Proportional) Read(List<(ulong Start, ulong End)> ranges)
    {
        long own = 0, share = 0;
        var isInside = false;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words[0].Split('-') is [var first, var last] && ulong.TryParse(first, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var start))
            {
                var end = ulong.Parse(last, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                isInside = ranges.Exists(range => range.Start < end && range.End > start);
            }
            else if (isInside && words[0] is ("Private_Dirty:" or "Private_Clean:"))
            {
                own += Bytes(words);
            }
            else if (isInside && words[0] is "Pss:")
            {
                share += Bytes(words);
            }
        }

        return (own, share);
    }

    private static long Bytes(string[] words) => long.Parse(words[1], CultureInfo.InvariantCulture) * 1024;
}
