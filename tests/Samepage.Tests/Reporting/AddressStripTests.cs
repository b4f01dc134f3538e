using Samepage.Cli.Rendering.Report;
using Samepage.Estimating;

namespace Samepage.Tests.Reporting;

public class AddressStripTests
{
    private const ulong Chunk = 2 << 20;
    private const ulong Gibibyte = 1UL << 30;

    [Fact]
    public void Pages_are_neither_lost_nor_counted_twice()
    {
        foreach (var cellsMost in new[] { 1, 7, 40, 480 })
        {
            var chunks = MadeUpEstimate.Of(1).Targets[0].AddressMap;
            var cells = AddressStrip.From(chunks, cellsMost);
            Assert.Equal(chunks.Count, cells.Sum(cell => cell.Chunks));
            Assert.Equal(chunks.Sum(chunk => chunk.PresentPages), cells.Sum(cell => cell.PresentPages));
            Assert.Equal(chunks.Sum(chunk => chunk.DuplicatePages), cells.Sum(cell => cell.DuplicatePages));
            Assert.Equal(chunks.Sum(chunk => chunk.ZeroPages), cells.Sum(cell => cell.ZeroPages));
            Assert.Equal(chunks.Count(chunk => chunk.IsHuge), cells.Sum(cell => cell.HugeChunks));
        }
    }

    [Fact]
    public void Sixty_four_gibibytes_become_a_few_hundred_cells()
    {
        var chunks = Enumerable.Range(0, 32 * 1024).Select(index => new AddressChunk((ulong)index * Chunk, 512, 1, 2, true)).ToList();
        Assert.InRange(AddressStrip.From(chunks, 480).Count, 400, 480);
    }

    [Fact]
    public void No_cell_spans_a_wide_gap_and_the_gap_is_marked()
    {
        var cells = AddressStrip.From([Page(0), Page(Chunk), Page(2 * Chunk + Gibibyte), Page(4 * Chunk + Gibibyte), Page(9 * Gibibyte)], 1);
        Assert.Equal([("0", 2, false), ("40400000", 2, true), ("240000000", 1, true)], cells.Select(cell => (cell.Start, cell.Chunks, cell.AfterGap)));
    }

    [Fact]
    public void Of_very_many_gaps_only_the_widest_are_marked()
    {
        var chunks = Enumerable.Range(0, 1000).Select(index => Page((ulong)(index * (index + 1) / 2) * 4 * Gibibyte)).ToList();
        Assert.InRange(AddressStrip.From(chunks, 100).Count(cell => cell.AfterGap), 1, 24);
    }

    [Fact]
    public void An_empty_address_space_is_an_empty_strip() => Assert.Empty(AddressStrip.From([], 100));

    private static AddressChunk Page(ulong address) => new(address, 1, 0, 0, false);
}
