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
    public void Terabytes_of_reserved_addresses_are_not_gone_over_in_one_stop()
    {
        var reserved = Region(0x1000, 0x1000 + (4UL << 40), 100L << 20);
        var slices = UnmergeSlice.Cut([reserved]);
        Assert.All(slices, slice => Assert.InRange(slice.Ranges.Sum(range => (long)range.Length), 1, UnmergeSlice.SpanMax));
        Assert.InRange(slices.Count, 4096, 4097);
    }

    [Fact]
    public void What_is_tried_again_is_what_is_still_mapped_and_mergeable()
    {
        var regions = Smaps.Parse("""
            1000-3000 rw-p 00000000 00:00 0
            VmFlags: rd wr mg 
            3000-5000 rw-p 00000000 00:00 0
            VmFlags: rd wr 
            8000-a000 rw-p 00000000 00:00 0
            VmFlags: rd wr mg 
            """u8);
        Assert.Equal([(0x2000UL, 0x1000UL), (0x8000UL, 0x1000UL)], UnmergeSlice.StillMergeable(regions, [(0x2000, 0x7000)]));
        Assert.Empty(UnmergeSlice.StillMergeable(regions, [(0x3000, 0x5000)]));
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
