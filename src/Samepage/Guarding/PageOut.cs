using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;
using Samepage.Targets;

namespace Samepage.Guarding;

/// <summary>
/// Has memory of processes pushed out to swap. Each order goes on where the last one ended, so that not the same pages
/// are pushed out over and over while others stay. Not thread-safe.
/// </summary>
/// <remarks>
/// The kernel passes over pages that are mapped more than once, so over all that is merged: what goes is what is a
/// process's own, and merged pages find its place when they break. How much went is therefore read from the process, and
/// an order may go through several times as much.
/// </remarks>
/// <param name="proc">The process file system; the live one.</param>
public sealed class PageOut(ProcFs proc)
{
    /// <summary>One call of the kernel goes through no more, so that a process is not held up for long.</summary>
    private const ulong CallBytesMax = 16UL << 20;

    /// <summary>An order goes through this many times what it asks for, for what is merged is passed over.</summary>
    private const int EffortMax = 16;

    private readonly Dictionary<(int Pid, long StartTicks), ulong> _cursors = [];

    /// <summary>Pushes out memory of one process after the other, until enough is in swap or too much was gone through.</summary>
    /// <param name="targets">The processes, the first to go first.</param>
    /// <param name="bytesMax">How much is to go.</param>
    /// <returns>How much more of theirs lies in swap, and of how many processes.</returns>
    public (long Bytes, int Processes) Push(IReadOnlyList<TargetProcess> targets, long bytesMax)
    {
        bytesMax -= bytesMax % Environment.SystemPageSize;
        var (bytes, processes, effort) = (0L, 0, EffortMax * bytesMax);
        var living = targets.Select(target => (target.Pid, target.StartTicks)).ToHashSet();
        foreach (var gone in _cursors.Keys.Where(key => !living.Contains(key)).ToList())
        {
            _cursors.Remove(gone);
        }

        foreach (var target in targets.OrderBy(target => _cursors.ContainsKey((target.Pid, target.StartTicks))))
        {
            if (bytes >= bytesMax || effort <= 0)
            {
                break;
            }

            try
            {
                var pushed = Push(target, bytesMax - bytes, ref effort);
                bytes += pushed;
                processes += pushed > 0 ? 1 : 0;
            }
            catch (LinuxException gone) when (gone.IsGone || gone.IsPermission)
            {
                // It has ended meanwhile, or may not be touched: the others remain.
            }
        }

        return (bytes, processes);
    }

    private long Push(TargetProcess target, long bytesMax, ref long effort)
    {
        using var handle = ProcessHandle.Open(target.Pid);
        if (!target.IsSame(proc))
        {
            return 0;
        }

        using var pages = new PageMap(proc, target.Pid);
        var key = (target.Pid, target.StartTicks);
        var (from, before, gone) = (_cursors.GetValueOrDefault(key), SwappedBytes(target), 0L);
        foreach (var region in Smaps.Read(proc, target.Pid).Where(region => region.End > from && IsPushable(region)))
        {
            var at = Math.Max(from, region.Start);
            while (at < region.End && gone < bytesMax && effort > 0)
            {
                effort -= PushPresent(handle, pages, ref at, region.End, bytesMax - gone);
                gone = SwappedBytes(target) - before;
            }

            if (gone >= bytesMax || effort <= 0)
            {
                _cursors[key] = at;
                return Math.Max(0, gone);
            }
        }

        // All of it was gone through: the next order begins at its beginning.
        _cursors.Remove(key);
        return Math.Max(0, gone);
    }

    private long SwappedBytes(TargetProcess target) => ProcessStatus.TryRead(proc, target.Pid)?.SwappedBytes ?? 0;

    /// <summary>Anonymous memory of its own; what the kernel holds in place cannot go.</summary>
    private static bool IsPushable(MemoryRegion region) =>
        region is { IsShared: false, AnonymousBytes: > 0 } && !region.Has("lo") && !region.Has("ht") && !region.Has("io") && !region.Has("pf");

    private static long PushPresent(ProcessHandle handle, PageMap pages, ref ulong at, ulong end, long bytesMax)
    {
        var limit = Math.Min(CallBytesMax, (ulong)bytesMax);
        if (!pages.SupportsScan)
        {
            var length = Math.Min(limit, end - at);
            var range = new PageRange(at, length);
            at += length;
            return handle.PageOut([range]);
        }

        Span<PresentRun> runs = stackalloc PresentRun[256];
        var cursor = at;
        var found = pages.Scan(ref cursor, end, runs);
        Span<PageRange> ranges = stackalloc PageRange[256];
        var (count, sum) = (0, 0UL);
        foreach (ref readonly var run in runs[..found])
        {
            var length = Math.Min(run.End - run.Start, limit - sum);
            ranges[count++] = new PageRange(run.Start, length);
            sum += length;
            if (sum >= limit)
            {
                at = run.Start + length;
                return handle.PageOut(ranges[..count]);
            }
        }

        at = cursor;
        return count == 0 ? 0 : handle.PageOut(ranges[..count]);
    }
}
