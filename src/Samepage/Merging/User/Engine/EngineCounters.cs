using System.Numerics;
using System.Text;
using Samepage.Linux;
using Samepage.Merging.User.Protocol;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// What the engine counts of itself, and the copy of it in the gate that the program may read at any time. Written by
/// the engine's thread only.
/// </summary>
internal sealed unsafe class EngineCounters
{
    private readonly Gate* _gate;
    private readonly ulong[] _stalls = new ulong[ReportBody.StallBuckets];
    private string _reason = "";

    /// <summary>All zero.</summary>
    public EngineCounters(Gate* gate)
    {
        _gate = gate;
        Now.Size = (uint)sizeof(MemberCounters);
    }

    /// <summary>The counters.</summary>
    public MemberCounters Now;

    /// <summary>How long windows lasted; see samepage.h.</summary>
    public ReadOnlySpan<ulong> Stalls => _stalls;

    /// <summary>Why merging stopped or waits; empty where nothing is wrong.</summary>
    public string Reason
    {
        get => _reason;
        set => _reason = value;
    }

    /// <summary>Notes how long a window held the program back at most. Called within the window's time: no allocation.</summary>
    public void NoteWindow(TimeSpan duration)
    {
        var nanoseconds = (ulong)duration.Ticks * 100;
        Now.WindowsTotal++;
        Now.WindowNanosecondsTotal += nanoseconds;
        Now.WindowNanosecondsMax = Math.Max(Now.WindowNanosecondsMax, nanoseconds);
        var bucket = 64 - BitOperations.LeadingZeroCount(nanoseconds / 1000);
        _stalls[Math.Min(bucket, _stalls.Length - 1)]++;
    }

    /// <summary>Copies everything to the gate, so that a reader sees all of it from one moment.</summary>
    public void Publish()
    {
        Now.CpuNanosecondsTotal = (ulong)CurrentThread.CpuNanoseconds;
        Now.State = Volatile.Read(ref _gate->State);
        Volatile.Write(ref _gate->StatisticsSequence, _gate->StatisticsSequence + 1);
        Interlocked.MemoryBarrier();
        _gate->Statistics = Now;
        // SAFETY: both arrays have StallBuckets entries; the reason is cut to leave room for its final zero.
        _stalls.CopyTo(new Span<ulong>(_gate->Stalls, ReportBody.StallBuckets));
        var text = new Span<byte>(_gate->Reason, ReportBody.ReasonBytes);
        text.Clear();
        Encoding.UTF8.GetEncoder().Convert(_reason, text[..^1], flush: true, out _, out _, out _);

        Interlocked.MemoryBarrier();
        Volatile.Write(ref _gate->StatisticsSequence, _gate->StatisticsSequence + 1);
    }
}
