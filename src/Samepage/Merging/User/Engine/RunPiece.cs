namespace Samepage.Merging.User.Engine;

/// <summary>What is to be mapped in place of a piece of a merged run.</summary>
internal enum PieceTarget : byte
{
    /// <summary>Anonymous memory with a copy of what is there: the program's own again.</summary>
    Anonymous = 0,

    /// <summary>Other stable pages, which what is there should equal.</summary>
    Stable = 1,

    /// <summary>A hole, where what is there should be zeros.</summary>
    Hole = 2,
}

/// <summary>A merged run, or consecutive pages of one, and what is to take its place.</summary>
/// <param name="Chunk">Its chunk.</param>
/// <param name="Whole">The run.</param>
/// <param name="Run">The pages of it that are meant.</param>
/// <param name="Target">What for.</param>
/// <param name="Place">For stable pages, the segment's place on the shelf.</param>
/// <param name="Slot">For stable pages, the slot of the first; the others follow.</param>
internal readonly record struct RunPiece(
    Chunk Chunk, MergedRun Whole, MergedRun Run, PieceTarget Target = PieceTarget.Anonymous, uint Place = 0, uint Slot = 0)
{
    /// <summary>First address.</summary>
    public ulong Address => Chunk.Base + Run.First * MemberRegion.PageBytes;

    /// <summary>First address of the whole run.</summary>
    public ulong WholeAddress => Chunk.Base + Whole.First * MemberRegion.PageBytes;

    /// <summary>Length of the whole run in bytes.</summary>
    public ulong WholeBytes => Whole.Count * MemberRegion.PageBytes;

    /// <summary>Whether it stands alone or returns to where it was, so that no mapping is added.</summary>
    public bool IsFree => Run.Count == Whole.Count || (Target == PieceTarget.Stable && Place == Run.Segment && Slot == Run.Slot);

    /// <summary>Length in pages.</summary>
    public int Pages => Run.Count;

    /// <summary>Length in bytes.</summary>
    public ulong Bytes => Run.Count * MemberRegion.PageBytes;

    /// <summary>What the program has said of the memory, as far as a new mapping must be told again.</summary>
    public Linux.Proc.MappingMarks Marks => (Chunk.RunMarks ?? Chunk.Marks)
        | (Chunk.Marks & (Linux.Proc.MappingMarks.NoReserve | Linux.Proc.MappingMarks.NoHugePages));
}
