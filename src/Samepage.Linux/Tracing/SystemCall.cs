using Samepage.Linux.Interop;

namespace Samepage.Linux.Tracing;

/// <summary>A system call that a stopped thread is made to carry out.</summary>
/// <param name="Number">The x86-64 number.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Text">The call as a reader knows it.</param>
public sealed record SystemCall(long Number, CallArguments Arguments, string Text)
{
    /// <summary>Whether it takes a range out of the kernel's merging.</summary>
    public bool IsUnmerging => Number == Libc.SYS_madvise && Arguments.Third == Libc.MADV_UNMERGEABLE;

    /// <summary>Whether it puts a range into the kernel's merging.</summary>
    public bool IsMerging => Number == Libc.SYS_madvise && Arguments.Third == Libc.MADV_MERGEABLE;

    /// <summary>Opts the whole process in to, or out of, the kernel's merging.</summary>
    public static SystemCall MemoryMerge(bool on) =>
        new(Libc.SYS_prctl, new CallArguments(Libc.PR_SET_MEMORY_MERGE, on ? 1u : 0u), $"prctl(PR_SET_MEMORY_MERGE, {(on ? 1 : 0)})");

    /// <summary>Marks a range mergeable.</summary>
    public static SystemCall Mergeable(ulong start, ulong length) =>
        new(Libc.SYS_madvise, new CallArguments(start, length, Libc.MADV_MERGEABLE), $"madvise(0x{start:x}, {length}, MADV_MERGEABLE)");

    /// <summary>Breaks what is merged in a range and marks it as not mergeable.</summary>
    public static SystemCall Unmergeable(ulong start, ulong length) =>
        new(Libc.SYS_madvise, new CallArguments(start, length, Libc.MADV_UNMERGEABLE), $"madvise(0x{start:x}, {length}, MADV_UNMERGEABLE)");
}
