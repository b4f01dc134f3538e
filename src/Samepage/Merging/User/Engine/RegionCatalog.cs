using Samepage.Linux;
using Samepage.Linux.Proc;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// The ranges under advice, kept in step with what the program does to them: which parts may be merged, and which runs
/// are still there. One thread: the engine's.
/// </summary>
internal sealed unsafe class RegionCatalog(Gate* gate, GateLock gateLock, RunLedger ledger) : IDisposable
{
    /// <summary>How the kernel shows a mapping of a segment.</summary>
    internal static ReadOnlySpan<byte> SegmentPath => "/memfd:samepage (deleted)"u8;

    private const ulong PageMask = MemberRegion.PageBytes - 1;
    private const MappingMarks Forbidden = MappingMarks.Locked | MappingMarks.Userfault | MappingMarks.Special;
    private const MappingMarks Kept = MappingMarks.WithheldFromFork | MappingMarks.WithheldFromDump;

    private readonly List<GateRange> _ranges = [];
    private List<MemberRegion> _regions = [];
    private bool _isRead;

    /// <summary>All chunks, in ascending order.</summary>
    public List<Chunk> Chunks { get; } = [];

    /// <summary>Bytes under advice.</summary>
    public ulong AdvisedBytes { get; private set; }

    /// <summary>Bytes of the tables of fingerprints.</summary>
    public ulong TableBytes
    {
        get
        {
            ulong bytes = 0;
            foreach (var region in _regions)
            {
                bytes += region.TableBytes;
            }

            return bytes;
        }
    }

    /// <summary>Whether the program has changed something since the last look.</summary>
    public bool IsStale => !_isRead || gateLock.Changes != gateLock.SeenChanges;

    /// <summary>Brings all up to date.</summary>
    public void Refresh()
    {
        // Under the lock the mappings cannot change while they are read, except past the C library.
        gateLock.Hold();
        try
        {
            var changes = gate->Changes;
            ReadRanges();
            Rebuild();
            foreach (var chunk in Chunks)
            {
                (chunk.IsEligible, chunk.HasOddRuns, chunk.HasMixedMarks) = (false, false, false);
                (chunk.Marks, chunk.RunMarks) = (MappingMarks.None, null);
            }

            Walk();
            (_isRead, gateLock.SeenChanges) = (true, changes);
        }
        finally
        {
            gateLock.Release();
        }
    }

    private void ReadRanges()
    {
        _ranges.Clear();
        foreach (ref readonly var range in ((ReadOnlySpan<GateRange>)gate->Ranges)[..(int)Math.Min(gate->RangeCount, Gate.RangesMax)])
        {
            var (start, end) = (range.Start + PageMask & ~PageMask, range.End & ~PageMask);
            if (start < end)
            {
                _ranges.Add(range with { Start = start, End = end });
            }
        }
    }

    /// <summary>Forgets all fingerprints: they were taken with another key.</summary>
    public void ForgetFingerprints()
    {
        foreach (var chunk in Chunks)
        {
            chunk.Region.Fingerprints(chunk).Clear();
            (chunk.KnownPages, chunk.Quiet, chunk.NextLook) = (0, 0, 0);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var region in _regions)
        {
            region.Dispose();
        }
    }

    private void Rebuild()
    {
        var old = _regions;
        var now = Regions(old);
        _regions = now;
        Chunks.Clear();
        AdvisedBytes = 0;
        for (var i = 0; i < now.Count; i++)
        {
            var region = now[i];
            if (!old.Contains(region))
            {
                old.ForEach(r => Inherit(region, r));
            }

            // Excluded ranges keep their runs, which are still mapped, but nothing is added to them.
            (region.Standing, region.Changes) = (_ranges[i].Standing, _ranges[i].Changes);
            Chunks.AddRange(region.Chunks);
            AdvisedBytes += region.End - region.Start;
        }

        foreach (var region in old.Except(_regions))
        {
            foreach (var chunk in region.Chunks)
            {
                ledger.Drop(chunk, 0, MemberRegion.ChunkPages);
            }

            region.Dispose();
        }
    }

    /// <summary>One for each range: the one there was, or a new one. Where memory is short nothing has changed yet.</summary>
    private List<MemberRegion> Regions(List<MemberRegion> old)
    {
        var now = new List<MemberRegion>(_ranges.Count);
        try
        {
            foreach (var range in _ranges)
            {
                now.Add(old.Find(r => r.Start == range.Start && r.End == range.End) ?? new MemberRegion(range.Start, range.End));
            }

            return now;
        }
        catch (LinuxException)
        {
            foreach (var region in now.Except(old))
            {
                region.Dispose();
            }

            throw;
        }
    }

    /// <summary>What was known of the same addresses stays known; runs go over to the new region.</summary>
    private void Inherit(MemberRegion region, MemberRegion old)
    {
        foreach (var chunk in region.Chunks)
        {
            if (old.ChunkAt(chunk.Base) is not { } before || old.Start >= region.End || region.Start >= old.End)
            {
                continue;
            }

            var first = chunk.PageOf(Math.Max(region.Start, old.Start));
            var end = chunk.PageOf(Math.Min(region.End, old.End));
            if (first >= end)
            {
                continue;
            }

            region.Inherit(chunk, before, first, end);
            (chunk.KnownPages, chunk.Quiet, chunk.NextLook) = (0, 0, 0);
            ledger.Hand(before, chunk, first, end);
        }
    }

    /// <summary>Goes over the mappings: bounds each chunk by what may be merged, and strikes out runs that are gone.</summary>
    private void Walk()
    {
        if (Chunks.Count == 0)
        {
            return;
        }

        using var walker = new MappingWalker(SegmentPath);
        var behind = 0UL;
        var index = 0;
        while (walker.Next(out var mapping))
        {
            Strike(behind, mapping.Start, ref index);
            if (mapping is { IsOfSegment: true, IsPrivate: true })
            {
                NoteSegment(mapping, index);
            }
            else
            {
                var first = index;
                Strike(mapping.Start, mapping.End, ref index);
                if (mapping is { IsPrivateData: true, IsAnonymous: true } && (mapping.Marks & Forbidden) == 0)
                {
                    Extend(mapping.Start, mapping.End, mapping.Marks, first);
                }
            }

            behind = mapping.End;
        }

        Strike(behind, ulong.MaxValue, ref index);
    }

    /// <summary>No run of ours is mapped in these addresses any more.</summary>
    private void Strike(ulong start, ulong end, ref int index)
    {
        while (index < Chunks.Count && Chunks[index].Base + MemberRegion.ChunkBytes <= start)
        {
            index++;
        }

        for (var i = index; i < Chunks.Count && Chunks[i].Base < end; i++)
        {
            if (Chunks[i].Runs is { Count: > 0 })
            {
                ledger.Drop(Chunks[i], Chunks[i].PageOf(start), Chunks[i].PageOf(end));
            }
        }
    }

    /// <summary>Runs are still mapped here, perhaps with other rights than they were mapped with, or locked.</summary>
    private void NoteSegment(in Mapping mapping, int index)
    {
        var marks = mapping.Marks & (Kept | MappingMarks.Locked);
        for (var i = index; i < Chunks.Count && Chunks[i].Base < mapping.End; i++)
        {
            if (Chunks[i].Base + MemberRegion.ChunkBytes > mapping.Start)
            {
                Chunks[i].HasOddRuns |= !mapping.IsPrivateData;
                Chunks[i].HasMixedMarks |= Chunks[i].RunMarks is { } others && others != marks;
                Chunks[i].RunMarks = marks;
            }
        }

        if (mapping.IsPrivateData && (mapping.Marks & Forbidden) == 0)
        {
            Extend(mapping.Start, mapping.End, mapping.Marks & Kept, index);
        }
    }

    /// <summary>These addresses may be merged: the chunk's bounds grow, or begin anew where the kind changes.</summary>
    private void Extend(ulong start, ulong end, MappingMarks marks, int index)
    {
        for (var i = index; i < Chunks.Count && Chunks[i].Base < end; i++)
        {
            var chunk = Chunks[i];
            var from = Math.Max(start, Math.Max(chunk.Base, chunk.Region.Start));
            var to = Math.Min(end, Math.Min(chunk.Base + MemberRegion.ChunkBytes, chunk.Region.End));
            if (from >= to || (chunk.Region.Standing & GateStanding.Excluded) != 0)
            {
                continue;
            }

            var isSame = chunk.IsEligible && chunk.End == from
                && (chunk.Marks & Kept) == (marks & Kept);
            if (isSame)
            {
                chunk.End = to;
                chunk.Marks |= marks;
            }
            else if (!chunk.IsEligible || to - from > chunk.End - chunk.Start)
            {
                (chunk.IsEligible, chunk.Start, chunk.End, chunk.Marks) = (true, from, to, marks);
            }
        }
    }
}
