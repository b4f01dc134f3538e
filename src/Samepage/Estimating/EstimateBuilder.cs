using Samepage.Targets;

namespace Samepage.Estimating;

/// <summary>Makes the result out of a counter's raw counts: shares, matrix and maps.</summary>
internal sealed class EstimateBuilder(PageCounter counter, IReadOnlyList<TargetProcess> targets, string?[] notes)
{
    private const int MatrixTargetsMax = 256;

    /// <summary>The result.</summary>
    public Estimate Build(EstimateCost cost, VerificationResult? verification, bool isPartial)
    {
        var maps = BuildMaps();
        var shares = BuildShares();
        var sampler = counter.Sampler;
        return new Estimate
        {
            Totals = counter.Total.ToCounts(sampler),
            Targets = [.. targets.Select((target, number) => new TargetEstimate(
                target.Pid, target.Name, TallyOf(number).ToCounts(sampler), shares[number],
                counter.NotMergeable.GetValueOrDefault(number, []), maps[number], notes[number]))],
            Sharing = BuildMatrix(),
            Cost = cost,
            NotMergeable = SumNotMergeable(),
            FrameIdentity = counter.FrameIdentity,
            IsPartial = isPartial,
            HugePagesKnown = counter.HugePagesKnown,
            Sampling = sampler.Result(counter.Total.ContentFrames, counter.Total.Distinct, counter.Total.Savable),
            Verification = verification,
        };
    }

    private Tally TallyOf(int number) => counter.Targets.GetValueOrDefault(number) ?? new Tally();

    /// <summary>
    /// Divides the total among targets. What a target has twice within itself is its own; what is saved because k targets
    /// hold a content (k - 1 frames) is divided equally among them. Where frames are shared already the parts are scaled
    /// down so that they add up to the total again. Rounded to bytes by the largest remainder.
    /// </summary>
    private long[] BuildShares()
    {
        var pages = new double[targets.Count];
        for (var number = 0; number < pages.Length; number++)
        {
            pages[number] = TallyOf(number).EstimateSavable(counter.Sampler) + counter.Sets.OverflowSteps(number) * counter.Sampler.OneIn;
        }

        counter.Sets.ForEach((members, contents) =>
        {
            var part = counter.Sampler.OneIn * contents * (members.Length - 1.0) / members.Length;
            foreach (var member in members)
            {
                pages[member] += part;
            }
        });
        return LargestRemainder.Divide(counter.Total.EstimateSavable(counter.Sampler) * 4096, pages);
    }

    private SharingMatrix BuildMatrix()
    {
        if (targets.Count > MatrixTargetsMax)
        {
            return new SharingMatrix([], counter.Sets.IsTruncated);
        }

        var matrix = new long[targets.Count][];
        for (var row = 0; row < matrix.Length; row++)
        {
            matrix[row] = new long[targets.Count];
        }

        counter.Sets.ForEach((members, contents) =>
        {
            foreach (var row in members)
            {
                foreach (var column in members)
                {
                    matrix[row][column] += contents * counter.Sampler.OneIn;
                }
            }
        });
        return new SharingMatrix(matrix, counter.Sets.IsTruncated);
    }

    /// <summary>Sorts chunks by target, joins those of neighbouring mappings in one window, and counts huge pages.</summary>
    private List<AddressChunk>[] BuildMaps()
    {
        var maps = targets.Select(_ => new List<AddressChunk>()).ToArray();
        for (var number = 0; number < counter.Chunks.Count; number++)
        {
            ref var chunk = ref counter.Chunks[number];
            if (chunk.Present == 0)
            {
                continue;
            }

            CountHuge(counter.Total, in chunk);
            CountHuge(TallyOf(chunk.Target), in chunk);
            maps[chunk.Target].Add(new AddressChunk(
                chunk.Address, chunk.Present, chunk.Duplicates, chunk.Zeros, chunk.IsHuge));
        }

        return Array.ConvertAll(maps, Join);
    }

    private static void CountHuge(Tally tally, in Pages.ChunkTable.Chunk chunk)
    {
        if (chunk.IsHuge)
        {
            var mergeable = chunk.Duplicates + chunk.Zeros;
            tally.HugePages++;
            tally.HugePagesToSplit += mergeable > 0 ? 1 : 0;
            tally.HugePageDuplicates += mergeable;
        }
    }

    private static List<AddressChunk> Join(List<AddressChunk> map)
    {
        var joined = new List<AddressChunk>(map.Count);
        foreach (var chunk in map.OrderBy(chunk => chunk.Address))
        {
            if (joined.Count > 0 && joined[^1].Address == chunk.Address)
            {
                var last = joined[^1];
                joined[^1] = last with
                {
                    PresentPages = last.PresentPages + chunk.PresentPages,
                    DuplicatePages = last.DuplicatePages + chunk.DuplicatePages,
                    ZeroPages = last.ZeroPages + chunk.ZeroPages,
                };
            }
            else
            {
                joined.Add(chunk);
            }
        }

        return joined;
    }

    private List<UnmergeableMemory> SumNotMergeable() =>
        [.. counter.NotMergeable.Values.SelectMany(list => list)
            .GroupBy(memory => memory.Reason)
            .Select(group => new UnmergeableMemory(
                group.Key, group.Sum(memory => memory.ResidentBytes), group.Sum(memory => memory.MappedBytes)))
            .OrderByDescending(memory => memory.ResidentBytes)];
}
