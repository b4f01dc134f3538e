using Samepage.Linux.Proc;
using Samepage.Targets;

namespace Samepage.Merging.Kernel;

/// <summary>Whether a process can be made to carry out a call at all. Reads only.</summary>
/// <param name="Outcome"><see cref="InjectionOutcome.Done"/> where it can.</param>
/// <param name="Reason">Why it cannot; empty where it can.</param>
/// <param name="Threads">The threads to try, best first.</param>
internal sealed record Suitability(InjectionOutcome Outcome, string Reason, IReadOnlyList<TargetThread> Threads)
{
    private const byte ElfClass32 = 1;

    /// <summary>Looks at a process.</summary>
    public static Suitability Of(ProcFs proc, TargetProcess target)
    {
        if (ProcessStat.TryRead(proc, target.Pid) is not { } stat || stat.StartTicks != target.StartTicks)
        {
            return No(InjectionOutcome.Gone, "has ended");
        }

        if (stat.IsKernelThread)
        {
            return No(InjectionOutcome.Unsuitable, "is a kernel thread and has no memory of its own");
        }

        if (stat.ParentPid == Environment.ProcessId)
        {
            // The .NET runtime waits for the children it started, and takes a traced stop for their end.
            return No(InjectionOutcome.Unsuitable, "is a child of this very process; another one must opt it in, or it must inherit the opt-in");
        }

        var threads = TargetThread.Living(proc, target.Pid);
        if (threads.Count == 0)
        {
            return No(InjectionOutcome.Gone, "has ended (zombie)");
        }

        if (threads.Find(thread => thread.TracerPid != 0 && IsAnothers(thread.TracerPid)) is { } traced)
        {
            return No(InjectionOutcome.Unsuitable, $"is already traced by process {traced.TracerPid}{NameOf(proc, traced.TracerPid)}");
        }

        if (Is32Bit(proc, target.Pid, threads[0].ThreadId))
        {
            return No(InjectionOutcome.Unsuitable, "is a 32-bit program; only 64-bit programs can be opted in from outside");
        }

        var able = threads.FindAll(thread => !thread.IsUninterruptible);
        return able.Count > 0
            ? new Suitability(InjectionOutcome.Done, "", able)
            : No(InjectionOutcome.Unsuitable, threads.Exists(thread => thread.IsInVfork)
                ? "waits for a child that it made with vfork; try again when that one has begun its own program"
                : "is in uninterruptible sleep, for example for a disk; try again later");
    }

    private static Suitability No(InjectionOutcome outcome, string reason) => new(outcome, reason, []);

    /// <summary>
    /// Not an attempt's thread of ours that is about to end, nor a tracer that has ended since its number was read. The
    /// kernel names the tracer by its thread, and /proc answers for one that it does not list.
    /// </summary>
    private static bool IsAnothers(int tracer) =>
        !Directory.Exists($"/proc/self/task/{tracer}") && Directory.Exists($"/proc/{tracer}");

    private static string NameOf(ProcFs proc, int pid) =>
        ProcessStat.TryRead(proc, pid) is { } stat ? $" ({stat.Name})" : "";

    /// <summary>By the header of its executable. Where that may not be read, the stopped thread's registers tell.</summary>
    private static bool Is32Bit(ProcFs proc, int pid, int threadId)
    {
        try
        {
            using var file = File.OpenHandle(proc.PathOf(pid, $"task/{threadId}/exe"), share: FileShare.ReadWrite);
            Span<byte> header = stackalloc byte[5];
            return RandomAccess.Read(file, header, 0) == header.Length && header[4] == ElfClass32;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
