using System.Text.Json;
using Samepage.Linux.Proc;

namespace Samepage.Server.Loop;

/// <summary>
/// What the latest estimate said could still be saved, less what has been saved since: a reason for the governor to have
/// ksmd go over memory that it took for done. Good for ten minutes; of programs alone that ksmd may merge. Thread-safe.
/// </summary>
/// <param name="proc">Where the processes are looked up.</param>
/// <param name="clock">Tells the time, without jumps.</param>
public sealed class EstimatePromise(ProcFs proc, TimeProvider clock)
{
    /// <summary>Memory changes: what was seen longer ago is not reckoned with.</summary>
    public static readonly TimeSpan GoodFor = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private long _bytes, _notedAt;
    private long? _savedBefore;
    private bool _isKept;

    /// <summary>Takes in an estimate, as <c>samepage.estimate/1</c>.</summary>
    public void Note(byte[] estimate)
    {
        if (Read(estimate) is { } bytes)
        {
            lock (_lock)
            {
                (_bytes, _notedAt, _savedBefore, _isKept) = (bytes, clock.GetTimestamp(), null, true);
            }
        }
    }

    /// <summary>What is left of it; null where there is none.</summary>
    /// <param name="savedBytes">What ksmd's merging saves now.</param>
    public long? Left(long savedBytes)
    {
        lock (_lock)
        {
            if (!_isKept || clock.GetElapsedTime(_notedAt) >= GoodFor)
            {
                return null;
            }

            // What was lost in the meantime was not promised.
            _savedBefore ??= savedBytes;
            return Math.Max(0, _bytes - Math.Max(0, savedBytes - _savedBefore.Value));
        }
    }

    /// <summary>Null where it is about programs that ksmd does not merge, or is no estimate.</summary>
    private long? Read(byte[] estimate)
    {
        try
        {
            using var document = JsonDocument.Parse(estimate);
            var totals = document.RootElement.GetProperty("totals");
            var pids = document.RootElement.GetProperty("targets").EnumerateArray().Select(target => target.GetProperty("pid").GetInt32());
            return pids.All(IsForKsmd) ? totals.GetProperty("savable_bytes").GetInt64() + totals.GetProperty("zero_savable_bytes").GetInt64() : null;
        }
        catch (Exception other) when (other is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private bool IsForKsmd(int pid) => KsmStat.TryRead(proc, pid) is { MergeAny: true } or { Mergeable: true };
}
