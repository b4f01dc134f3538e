using CsCheck;
using Samepage.Estimating;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;

namespace Samepage.Tests.Estimating;

public sealed class ScanChunkTests
{
    [Fact]
    public void Runs_become_pages_one_by_one()
    {
        Gen.Select(Gen.Int[0, 511], Gen.Int[1, 40]).Array[1, 20].Sample(pieces =>
        {
            var chunk = new ScanChunk();
            chunk.Reset(null!, 7 * ScanChunk.Bytes, isReadable: true);
            var expected = new SortedSet<int>();
            foreach (var (first, length) in pieces)
            {
                var last = Math.Min(511, first + length - 1);
                var start = chunk.Address + (ulong)first * 4096;
                var end = chunk.Address + (ulong)(last + 1) * 4096;
                chunk.Add(new PresentRun(start, end, IsHuge: false, IsZeroFrame: false), start, end);
                expected.UnionWith(Enumerable.Range(first, last - first + 1));
            }

            var found = new List<int>();
            for (var page = chunk.NextPresent(0); page >= 0; page = page == 511 ? -1 : chunk.NextPresent(page + 1))
            {
                found.Add(page);
            }

            Assert.Equal(expected, found);
            Assert.Equal((expected.Min, expected.Max), chunk.Span);
        });
    }

    [Theory]
    [InlineData("7f0000000000-7f0000200000 rw-s 00000000 00:05 77 /memfd:pc.ram (deleted)", "rd wr sh mr mw me ms", UnmergeableReason.SharedMemory)]
    [InlineData("7f0000000000-7f0000200000 r--s 00000000 fe:00 77 /usr/lib/locale/C.utf8", "rd mr me ms", UnmergeableReason.FileBacked)]
    [InlineData("7f0000000000-7f0000200000 rw-p 00000000 00:0f 77 /anon_hugepage (deleted)", "rd wr mr mw me de ht", UnmergeableReason.HugeTlb)]
    [InlineData("7f0000000000-7f0000002000 r-xp 00000000 00:00 0 [vdso]", "rd ex mr mw me de", UnmergeableReason.Special)]
    [InlineData("7f0000000000-7f0000200000 rw-s 00000000 00:06 9 /dev/nvidia0", "rd wr sh mr mw me ms pf io de dd", UnmergeableReason.Special)]
    [InlineData("7f0000000000-7f0000200000 rw-p 00000000 00:00 0 ", "rd wr mr mw me dp", UnmergeableReason.Droppable)]
    [InlineData("7f0000000000-7f0000200000 rw-p 00000000 00:00 0 [heap]", "rd wr mr mw me ac", null)]
    [InlineData("7f0000000000-7f0000200000 rw-p 00000000 fe:00 77 /usr/bin/qemu-system-x86_64", "rd wr mr mw me ac", null)]
    [InlineData("7f0000000000-7f0000200000 rw-p 00000000 00:00 0 ", "rd wr mr mw me lo ac", null)]
    public void Mappings_are_told_apart(string header, string flags, UnmergeableReason? expected)
    {
        var region = Assert.Single(Smaps.Parse(System.Text.Encoding.UTF8.GetBytes($"{header}\nRss: 8 kB\nVmFlags: {flags} \n")));
        Assert.Equal(expected, RegionClassifier.Refusal(region));
    }
}
