using System.Globalization;
using System.Text.Json;

namespace Samepage.Server.Dashboard;

/// <summary>
/// Estimates that were asked for from the page: one at a time, of processes that merging is about and that belong to one
/// trust domain, behind everybody else who wants a processor, for a bounded time. The latest is kept. Thread-safe.
/// </summary>
/// <remarks>
/// An estimate tells what processes have in common, which one who may only connect to the loopback need not know of
/// processes that do not share anyway: hence the bounds on which.
/// </remarks>
/// <param name="whatIf">Does it.</param>
/// <param name="domainOf">The trust domain of a process; null where merging is not about it.</param>
/// <param name="clock">The time.</param>
public sealed class EstimateDesk(IWhatIf whatIf, Func<int, string?> domainOf, TimeProvider clock)
{
    /// <summary>So many at once: what the matrix of who shares with whom can show.</summary>
    public const int TargetsMax = 64;

    /// <summary>The longest that one may take.</summary>
    public static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(60);

    /// <summary>The pause from the end of one to the beginning of the next.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private const int LastNice = 19;
    private const int ReasonMax = 500;
    private readonly Lock _lock = new();
    private long _number;
    private long? _endedAt;
    private DateTimeOffset _startedAt;
    private IReadOnlyList<int> _pids = [];
    private bool _isRunning;
    private string? _reason;
    private byte[]? _estimate;

    /// <summary>How many were begun.</summary>
    public long Number
    {
        get
        {
            lock (_lock)
            {
                return _number;
            }
        }
    }

    /// <summary>Is handed each whole estimate.</summary>
    public Action<byte[]>? Made { get; init; }

    /// <summary>The latest whole estimate; null where there is none.</summary>
    public byte[]? Latest
    {
        get
        {
            lock (_lock)
            {
                return _estimate;
            }
        }
    }

    /// <summary>Begins one.</summary>
    /// <returns>The HTTP status, and where it is refused why.</returns>
    public (int Status, string Reason) Begin(IReadOnlyList<int> pids)
    {
        if (pids.Count is 0 or > TargetsMax)
        {
            return (400, $"name 1 to {TargetsMax} processes");
        }

        // Looked up before the lock is taken: whoever asks where an estimate stands does not wait for a look at the host.
        var domains = pids.Select(pid => (Pid: pid, Domain: domainOf(pid))).ToList();
        if (domains.FirstOrDefault(entry => entry.Domain is null) is { Pid: > 0 } stranger)
        {
            return (403, FormattableString.Invariant($"process {stranger.Pid} is not one that merging is about here: only those of the table may be looked at"));
        }

        if (domains.DistinctBy(entry => entry.Domain).Count() > 1)
        {
            return (403, "these processes belong to different trust domains, and what one domain has in common with another is not told");
        }

        lock (_lock)
        {
            if (_isRunning)
            {
                return (409, "another estimate is under way");
            }

            if (_endedAt is { } ended && clock.GetElapsedTime(ended) < Pause)
            {
                return (429, "the last estimate has only just ended; ask again in a moment");
            }

            (_number, _isRunning, _pids, _startedAt, _reason) = (_number + 1, true, [.. pids], clock.GetUtcNow(), null);
        }

        new Thread(() => Run([.. pids]), maxStackSize: 512 << 10) { IsBackground = true, Name = "estimate" }.Start();
        return (202, "");
    }

    /// <summary>Where it stands, as <c>samepage.what-if/1</c>.</summary>
    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            lock (_lock)
            {
                Write(json);
            }
        }

        return buffer.ToArray();
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("schema", "samepage.what-if/1");
        json.WriteNumber("number", _number);
        json.WriteString("state", _isRunning ? "running" : _number == 0 ? "none" : _reason is null ? "done" : "failed");
        json.WriteString("started_at", _number == 0 ? null : _startedAt.ToString("O", CultureInfo.InvariantCulture));
        json.WriteNumber("seconds_max", (int)TimeMax.TotalSeconds);
        json.WriteNumber("targets_max", TargetsMax);
        json.WriteStartArray("pids");
        foreach (var pid in _pids)
        {
            json.WriteNumberValue(pid);
        }

        json.WriteEndArray();
        json.WriteString("reason", _reason);
        json.WritePropertyName("estimate");
        json.WriteRawValue(_estimate ?? "null"u8);
        json.WriteEndObject();
    }

    private void Run(int[] pids)
    {
        // Whoever is started from this thread comes behind everybody else too.
        Linux.ThreadPriority.SetNice(LastNice);
        byte[]? estimate = null;
        string? reason = null;
        try
        {
            estimate = whatIf.Estimate(pids, TimeMax);
            Made?.Invoke(estimate);
        }
        catch (Exception failed) when (failed is WhatIfException or IOException or System.ComponentModel.Win32Exception)
        {
            reason = failed.Message.ReplaceLineEndings(" ");
        }

        lock (_lock)
        {
            (_isRunning, _endedAt) = (false, clock.GetTimestamp());
            (_estimate, _reason) = (estimate ?? _estimate, reason is { Length: > ReasonMax } ? reason[..ReasonMax] : reason);
        }
    }
}
