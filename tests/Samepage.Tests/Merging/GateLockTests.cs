using System.Runtime.InteropServices;
using Samepage.Merging.User.Engine;

namespace Samepage.Tests.Merging;

/// <summary>Whether what was read of a chunk's mappings still holds, by a gate without a program.</summary>
public sealed unsafe class GateLockTests : IDisposable
{
    private const ulong Base = 4 * MemberRegion.ChunkBytes, Half = MemberRegion.ChunkBytes / 2;
    private const int HalfPages = MemberRegion.ChunkPages / 2;
    private readonly Gate* _gate = (Gate*)NativeMemory.AllocZeroed((nuint)sizeof(Gate));
    private readonly MemberRegion _region = new(Base, Base + MemberRegion.ChunkBytes) { Changes = 5 };
    private readonly GateLock _lock;

    public GateLockTests()
    {
        _lock = new GateLock(_gate, null) { SeenChanges = 5 };
        _gate->Changes = 5;
        Ranges((Base, Base + MemberRegion.ChunkBytes, 5));

        // The larger part may be merged; in the other one are runs that were mapped before.
        (Chunk.Start, Chunk.End) = (Base + Half, Base + MemberRegion.ChunkBytes);
    }

    private Chunk Chunk => _region.Chunks[0];

    public void Dispose()
    {
        _region.Dispose();
        NativeMemory.Free(_gate);
    }

    [Fact]
    public void Changes_elsewhere_change_nothing()
    {
        Assert.True(_lock.IsUnchanged(Chunk));
        Edit(Base + (10 * MemberRegion.ChunkBytes), Base + (11 * MemberRegion.ChunkBytes));
        Assert.True(_lock.IsUnchanged(Chunk));
    }

    [Fact]
    public void What_was_unmapped_beside_the_part_that_may_be_merged_is_noticed()
    {
        Ranges((Base + Half, Base + MemberRegion.ChunkBytes, 5));
        Edit(Base, Base + Half);
        Assert.True(_lock.IsStillAdvised(Chunk, HalfPages, MemberRegion.ChunkPages));
        Assert.False(_lock.IsUnchanged(Chunk));

        // What is known of the other part is of no use any more: it is the program's alone.
        Assert.False(_lock.IsStillAdvised(Chunk, 0, MemberRegion.ChunkPages));
        Assert.False(_lock.IsStillAdvised(Chunk, HalfPages - 1, HalfPages));
    }

    [Fact]
    public void What_was_taken_back_in_between_is_noticed_though_it_is_advised_anew()
    {
        var before = _lock.Changes;
        Edit(Base + Half, Base + Half + MemberRegion.PageBytes);
        Assert.True(_lock.IsStillAdvised(Chunk, HalfPages, HalfPages + 1));
        Assert.True(_lock.WasEdited(before, Base + Half, Base + Half + MemberRegion.PageBytes));
        Assert.False(_lock.WasEdited(before, Base, Base + Half));
        Assert.False(_lock.WasEdited(_lock.Changes, Base + Half, Base + Half + MemberRegion.PageBytes));
    }

    [Fact]
    public void What_changed_too_long_ago_to_tell_counts_as_changed()
    {
        Ranges((Base + Half, Base + MemberRegion.ChunkBytes, 5));
        for (var time = 0; time <= Gate.EditsMax; time++)
        {
            Edit(0, 4096);
        }

        Assert.False(_lock.IsUnchanged(Chunk));
    }

    private void Ranges(params (ulong Start, ulong End, uint Changes)[] ranges)
    {
        _gate->RangeCount = (uint)ranges.Length;
        for (var i = 0; i < ranges.Length; i++)
        {
            _gate->Ranges[i] = new GateRange { Start = ranges[i].Start, End = ranges[i].End, Changes = ranges[i].Changes };
        }
    }

    private void Edit(ulong start, ulong end)
    {
        _gate->Changes++;
        _gate->Edits[(int)(_gate->Changes % Gate.EditsMax)] = new GateEdit { Start = start, End = end };
    }
}
