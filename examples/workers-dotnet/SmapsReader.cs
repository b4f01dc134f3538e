using System.Globalization;

namespace Workers;

/// <summary>The kernel's own word on memory.</summary>
internal static class SmapsReader
{
    /// <summary>Bytes of this process, of which a page that others map too counts in parts (Pss).</summary>
    public static long Share()
    {
        var line = File.ReadLines("/proc/self/smaps_rollup").Single(line => line.StartsWith("Pss:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
