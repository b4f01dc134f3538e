using Samepage.Linux.Proc;

namespace Samepage.Merging.Kernel;

/// <summary>Ranges of one process that are broken apart in a single stop.</summary>
/// <param name="Ranges">Start and length of each.</param>
/// <param name="ResidentBytes">At most so much memory is needed for them.</param>
internal sealed record UnmergeSlice(IReadOnlyList<(ulong Start, ulong Length)> Ranges, long ResidentBytes)
{
    /// <summary>As much memory as one stop works on: a few milliseconds where all of it is merged, at 1 to 2 us a page.</summary>
    public const long Bytes = 8L << 20;

    /// <summary>
    /// As many addresses as one stop goes over: the kernel looks at every one, present or not, which takes 13 ms a GiB.
    /// Terabytes of reserved addresses take long, but never in one stop.
    /// </summary>
    public const long SpanMax = 1L << 30;

    /// <summary>More calls than this in one stop would make it long by themselves.</summary>
    private const int RangesMax = 32;

    /// <summary>
    /// Cuts mappings into slices: a large one into pieces, many small ones into a common slice. A mapping that is
    /// mostly empty is cut by what is present in it, but not into pieces of more than <see cref="SpanMax"/>.
    /// </summary>
    public static List<UnmergeSlice> Cut(IEnumerable<MemoryRegion> regions)
    {
        var slices = new List<UnmergeSlice>();
        var ranges = new List<(ulong, ulong)>();
        var resident = 0L;
        var span = 0UL;
        foreach (var (start, length, present) in regions.SelectMany(Pieces))
        {
            if (ranges.Count == RangesMax || (ranges.Count > 0 && (resident + present > Bytes || span + length > SpanMax)))
            {
                slices.Add(new UnmergeSlice(ranges, resident));
                (ranges, resident, span) = ([], 0, 0);
            }

            ranges.Add((start, length));
            resident += present;
            span += length;
        }

        if (ranges.Count > 0)
        {
            slices.Add(new UnmergeSlice(ranges, resident));
        }

        return slices;
    }

    /// <summary>The parts of ranges that are mapped, and that the kernel may have left merged.</summary>
    public static List<(ulong Start, ulong Length)> StillMergeable(
        IEnumerable<MemoryRegion> regions, IReadOnlyCollection<(ulong Start, ulong Length)> ranges)
    {
        var parts = new List<(ulong Start, ulong Length)>();
        foreach (var region in regions.Where(region => region.IsMergeable))
        {
            foreach (var (start, length) in ranges.Distinct())
            {
                var from = Math.Max(start, region.Start);
                var to = Math.Min(start + length, region.End);
                if (from < to)
                {
                    parts.Add((from, to - from));
                }
            }
        }

        return parts;
    }

    private static IEnumerable<(ulong Start, ulong Length, long Present)> Pieces(MemoryRegion region)
    {
        const ulong PageMask = 4095;
        var pieces = (ulong)(region.ResidentBytes / Bytes + 1);
        var step = (Math.Clamp((region.End - region.Start) / pieces, (ulong)Bytes, (ulong)SpanMax) + PageMask) & ~PageMask;
        for (var at = region.Start; at < region.End; at += Math.Min(step, region.End - at))
        {
            var length = Math.Min(step, region.End - at);
            yield return (at, length, Math.Min((long)length, region.ResidentBytes));
        }
    }
}
