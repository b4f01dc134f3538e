using Samepage.Linux.Interop;

namespace Samepage.Linux;

/// <summary>The C library's heap, which SQLite and the packing of answers allocate from.</summary>
public static class NativeHeap
{
    /// <summary>
    /// Has all threads that are yet to start allocate from one arena. Each has one of its own otherwise, which keeps the
    /// most that the thread ever needed: for a process that must stay small, and where threads seldom allocate at once.
    /// </summary>
    public static void UseOneArena() => _ = Libc.mallopt(Libc.M_ARENA_MAX, 1);
}
