using CsCheck;
using Samepage.Linux.Proc;
using Samepage.Merging.Kernel;

namespace Samepage.Tests.Injection;

public class UnmergeSliceTests
{
    private static readonly Gen<MemoryRegion[]> s_regions =
        Gen.Select(Gen.Int[1, 100_000], Gen.Int[0, 1000], Gen.Int[1, 1000], (pages, percent, gap) => (pages, percent, gap))
            .Array[0, 40]
            .Select(parts =>
            {
                var at = 0x1000UL;
                return parts.Select(part =>
                {
                    var start = at + (ulong)part.gap * 4096;
                    at = start + (ulong)part.pages * 4096;
                    return Region(start, at, (long)part.pages * part.percent / 1000 * 4096);
                }).ToArray();
            });

    [Fact]
    public void Slices_cover_every_region_once_and_nothing_else() => s_regions.Sample(regions =>
    {
        var ranges = UnmergeSlice.Cut(regions).SelectMany(slice => slice.Ranges).ToList();
        foreach (var region in regions)
        {
            var own = ranges.Where(range => range.Start >= region.Start && range.Start < region.End).ToList();
            Assert.Equal(region.Start, own[0].Start);
            Assert.Equal(region.End, own[^1].Start + own[^1].Length);
            Assert.All(own.Zip(own.Skip(1)), pair => Assert.Equal(pair.First.Start + pair.First.Length, pair.Second.Start));
            ranges.RemoveAll(own.Contains);
        }

        Assert.Empty(ranges);
    });

    [Fact]
    public void Fully_present_memory_is_cut_to_the_size_of_a_stop() => s_regions.Sample(regions =>
        Assert.All(
            UnmergeSlice.Cut(regions.Select(region => Region(region.Start, region.End, region.Bytes))),
            slice => Assert.InRange(slice.Ranges.Sum(range => (long)range.Length), 1, UnmergeSlice.Bytes)));

    [Fact]
    public void Terabytes_of_reserved_addresses_need_few_stops()
    {
        var reserved = Region(0x1000, 0x1000 + (4UL << 40), 100L << 20);
        Assert.InRange(UnmergeSlice.Cut([reserved]).Count, 1, 20);
    }

    private static MemoryRegion Region(ulong start, ulong end, long resident) => new()
    {
        Start = start,
        End = end,
        IsReadable = true,
        IsShared = false,
        Inode = 0,
        Path = "",
        ResidentBytes = resident,
    };
}
