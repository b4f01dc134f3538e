using System.Globalization;
using Samepage.Estimating;

namespace Samepage.Cli.Rendering.Report;

/// <summary>
/// An address space for drawing: neighbouring 2 MiB chunks gathered into a bounded number of cells. Address spaces are
/// terabytes of nothing with islands in it, so nothing is given no room: only where a wide gap lies is kept.
/// </summary>
internal static class AddressStrip
{
    private const ulong ChunkBytes = 2 << 20;

    /// <summary>A gap at least this wide is worth showing, and no cell spans it.</summary>
    private const ulong WideGap = 1UL << 30;

    /// <summary>More gaps than this would be all that one sees; then only the widest count.</summary>
    private const int GapsMost = 24;

    /// <summary>Gathers chunks, given in ascending order, into about so many cells.</summary>
    public static IReadOnlyList<StripCell> From(IReadOnlyList<AddressChunk> chunks, int cellsMost)
    {
        var gapWidth = SmallestGapShown(chunks);
        var perCell = Math.Max(1, (chunks.Count + cellsMost - 1) / cellsMost);
        var cells = new List<StripCell>();
        StripCell? open = null;
        for (var index = 0; index < chunks.Count; index++)
        {
            var chunk = chunks[index];
            var isAfterGap = index > 0 && GapBefore(chunks, index) >= gapWidth;
            if (open is not null && (isAfterGap || open.Chunks == perCell))
            {
                cells.Add(open);
                open = null;
            }

            open = (open ?? StripCell.At(chunk.Address, isAfterGap)).With(chunk);
        }

        return open is null ? cells : [.. cells, open];
    }

    private static ulong SmallestGapShown(IReadOnlyList<AddressChunk> chunks)
    {
        var wide = Enumerable.Range(1, Math.Max(0, chunks.Count - 1))
            .Select(index => GapBefore(chunks, index)).Where(gap => gap >= WideGap).OrderDescending().ToList();
        return wide.Count > GapsMost ? wide[GapsMost - 1] + 1 : WideGap;
    }

    private static ulong GapBefore(IReadOnlyList<AddressChunk> chunks, int index) =>
        chunks[index].Address - (chunks[index - 1].Address + ChunkBytes);

    /// <summary>Some chunks side by side (or nearly so), summed up.</summary>
    internal sealed record StripCell(
        string Start, string End, int Chunks, int PresentPages, int DuplicatePages, int ZeroPages, int HugeChunks, bool AfterGap)
    {
        /// <summary>An empty cell that begins at an address.</summary>
        public static StripCell At(ulong address, bool afterGap) => new(Hex(address), "", 0, 0, 0, 0, 0, afterGap);

        /// <summary>The same with one chunk more.</summary>
        public StripCell With(AddressChunk chunk) => this with
        {
            End = Hex(chunk.Address + ChunkBytes),
            Chunks = Chunks + 1,
            PresentPages = PresentPages + chunk.PresentPages,
            DuplicatePages = DuplicatePages + chunk.DuplicatePages,
            ZeroPages = ZeroPages + chunk.ZeroPages,
            HugeChunks = HugeChunks + (chunk.IsHuge ? 1 : 0),
        };

        private static string Hex(ulong address) => address.ToString("x", CultureInfo.InvariantCulture);
    }
}
