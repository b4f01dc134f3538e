using Samepage.Estimating;

namespace Samepage.Tests.Reporting;

/// <summary>
/// Estimates that hold together as a real one does, made from a seed: contents are handed to frames of targets, and all
/// counts follow from that, so that what a renderer shows can be checked against the rules of the model.
/// </summary>
internal static class MadeUpEstimate
{
    private static readonly string[] s_names = ["qemu-system-x86", "python3", "dotnet", "postgres", "java", "node"];

    /// <summary>An estimate of so many targets; the numbers are in the hundreds of MiB each.</summary>
    /// <param name="targetCount">How many targets.</param>
    /// <param name="seed">The same seed gives the same estimate.</param>
    /// <param name="isVolatile">Whether there was a second look.</param>
    public static Estimate Of(int targetCount, int seed = 1, bool isVolatile = false)
    {
        var random = new Random(seed);
        // Families share among themselves (guests of one image); all share a little.
        var families = Math.Max(1, targetCount / 4);
        var names = new int[targetCount];
        var family = new int[targetCount];
        var own = new long[targetCount];
        var common = new long[targetCount];
        var everywhere = new long[targetCount];
        var zero = new long[targetCount];
        var shared = new long[targetCount];
        var changed = new long[targetCount];
        for (var index = 0; index < targetCount; index++)
        {
            family[index] = index % families;
            names[index] = family[index] % s_names.Length;
            own[index] = random.Next(8_000, 60_000);
            common[index] = 30_000 - 4_000 * (family[index] % 5);
            everywhere[index] = 2_000;
            zero[index] = random.Next(100, 30_000);
            shared[index] = random.Next(0, 5_000);
            changed[index] = isVolatile ? random.Next(0, 4_000) : 0;
        }

        var sizes = Enumerable.Range(0, families).Select(group => family.Count(member => member == group)).ToArray();
        var targets = new List<TargetEstimate>();
        for (var index = 0; index < targetCount; index++)
        {
            var inner = own[index] / 10;
            var frames = own[index] + inner + common[index] + everywhere[index];
            var counts = Counts(frames, inner, zero[index], shared[index], changed[index], inner / 2, random);
            var commonCopies = common[index] * (sizes[family[index]] - 1) / sizes[family[index]];
            var everywhereCopies = everywhere[index] * (targetCount - 1) / targetCount;
            targets.Add(new TargetEstimate(
                4000 + 37 * index, s_names[names[index]], counts, (inner + commonCopies + everywhereCopies) * 4096,
                Unmergeable(random, family[index] == 1), Map(random, counts, frames - own[index]), null));
        }

        var totalFrames = targets.Sum(target => target.Counts.DistinctNonZero() + target.Counts.SavablePages);
        var savable = targets.Sum(target => target.AttributedBytes) / 4096;
        return new Estimate
        {
            Totals = Sum(targets, totalFrames, savable),
            Targets = targets,
            Sharing = Matrix(targetCount, family, own, common, everywhere),
            Cost = new EstimateCost(0.912, 0.483, totalFrames, 41L << 20),
            NotMergeable = [.. targets.SelectMany(target => target.NotMergeable).GroupBy(memory => memory.Reason)
                .Select(group => new UnmergeableMemory(group.Key, group.Sum(memory => memory.ResidentBytes), group.Sum(memory => memory.MappedBytes)))
                .OrderByDescending(memory => memory.ResidentBytes)],
            FrameIdentity = FrameIdentity.FrameNumber,
        };
    }

    private static long DistinctNonZero(this PageCounts counts) => counts.DistinctPages - (counts.ZeroPages > 0 ? 1 : 0);

    private static PageCounts Counts(long frames, long savable, long zero, long shared, long changed, long contents, Random random)
    {
        var huge = (int)(frames / 512 / 2);
        return new PageCounts
        {
            PresentPages = frames + zero + shared + changed,
            ZeroPages = zero,
            DistinctPages = frames - savable + (zero > 0 ? 1 : 0),
            SavablePages = savable,
            AlreadySharedPages = shared,
            PagesOnSharedFrames = shared * 2,
            KsmMergedPages = shared / 2,
            VolatilePages = changed,
            SwappedPages = random.Next(0, 300),
            SharedContents = contents,
            HugePages = huge,
            HugePagesToSplit = huge * 3 / 4,
            HugePageDuplicatePages = huge * 3 / 4 * 230L,
        };
    }

    private static PageCounts Sum(List<TargetEstimate> targets, long frames, long savable)
    {
        long Of(Func<PageCounts, long> count) => targets.Sum(target => count(target.Counts));
        var zero = Of(counts => counts.ZeroPages);
        return new PageCounts
        {
            PresentPages = Of(counts => counts.PresentPages),
            ZeroPages = zero,
            DistinctPages = frames - savable + (zero > 0 ? 1 : 0),
            SavablePages = savable,
            AlreadySharedPages = Of(counts => counts.AlreadySharedPages),
            PagesOnSharedFrames = Of(counts => counts.PagesOnSharedFrames),
            KsmMergedPages = Of(counts => counts.KsmMergedPages),
            VolatilePages = Of(counts => counts.VolatilePages),
            SwappedPages = Of(counts => counts.SwappedPages),
            SharedContents = savable / 3,
            HugePages = Of(counts => counts.HugePages),
            HugePagesToSplit = Of(counts => counts.HugePagesToSplit),
            HugePageDuplicatePages = Of(counts => counts.HugePageDuplicatePages),
        };
    }

    private static SharingMatrix Matrix(int count, int[] family, long[] own, long[] common, long[] everywhere)
    {
        if (count > 256)
        {
            return new SharingMatrix([], false);
        }

        var matrix = new long[count][];
        for (var row = 0; row < count; row++)
        {
            matrix[row] = [.. Enumerable.Range(0, count).Select(column =>
                row == column ? own[row] + common[row] + everywhere[row]
                : family[row] == family[column] ? common[row] + everywhere[row]
                : everywhere[row])];
        }

        return new SharingMatrix(matrix, false);
    }

    private static List<UnmergeableMemory> Unmergeable(Random random, bool isSharedGuest) =>
    [
        .. isSharedGuest ? [new UnmergeableMemory(UnmergeableReason.SharedMemory, 512L << 20, 1L << 30)] : Array.Empty<UnmergeableMemory>(),
        new(UnmergeableReason.FileBacked, random.Next(4, 40) * (1L << 20), random.Next(40, 90) * (1L << 20)),
        new(UnmergeableReason.Special, 16384, 65536),
    ];

    /// <summary>A program, a heap, a block of guest memory with duplicates in clumps, and libraries at the far end.</summary>
    private static List<AddressChunk> Map(Random random, PageCounts counts, long duplicates)
    {
        var chunks = new List<AddressChunk>();
        long present = counts.PresentPages, zero = counts.ZeroPages;
        ulong[] islands = [0x5555_5540_0000, 0x5555_6000_0000, 0x7f10_0000_0000, 0x7fff_f000_0000];
        var length = (int)((present + 511) / 512);
        for (var index = 0; index < length; index++)
        {
            var island = index < 3 ? 0 : index < 12 ? 1 : index < length - 4 ? 2 : 3;
            var pages = (int)Math.Min(512, present);
            var clump = Math.Sin(index / 9.0) + random.NextDouble() * 0.4;
            var same = (int)Math.Min(duplicates, clump > 0.6 ? pages * 8 / 10 : clump > 0 ? pages / 4 : 0);
            var nothing = (int)Math.Min(zero, Math.Min(pages - same, clump < -0.5 ? pages * 7 / 10 : pages / 20));
            chunks.Add(new AddressChunk(islands[island] + (ulong)index * (2 << 20), pages, same, nothing, clump < 0.2 && pages == 512));
            (present, duplicates, zero) = (present - pages, duplicates - same, zero - nothing);
        }

        return chunks;
    }
}
