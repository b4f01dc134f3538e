using System.Diagnostics;
using Samepage.Linux;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Keeps the engine's thread within a share of one core, piece by piece: after each piece of work it rests until the
/// share holds, so that others wait for a processor as long as a piece takes and no longer. What counts is the time
/// from a piece's beginning to its end: where the engine had to wait for a processor itself, it rests all the longer.
/// One thread: the engine's.
/// </summary>
/// <remarks>
/// What the program feels of merging is nearly all the windows, and of those how many fall into a second: looking and
/// asking cost a server's requests nothing that could be measured. Hence a small share while programs keep the processors
/// busy, unless memory is short.
/// </remarks>
internal sealed unsafe class CpuAllowance
{
    private const uint GentlePercent = 1, IdlePercent = 3, ShortagePercent = 10;

    /// <summary>Shorter rests are put together; a longer debt is forgiven.</summary>
    private static readonly TimeSpan s_restMin = TimeSpan.FromMilliseconds(2), s_debtMax = TimeSpan.FromSeconds(1);

    private readonly Gate* _gate;
    private long _since = Stopwatch.GetTimestamp();
    private uint _bell;
    private TimeSpan _debt;
    private uint _percent = GentlePercent;

    public CpuAllowance(Gate* gate) => _gate = gate;

    /// <summary>Nothing is to be waited for: the program has asked for haste.</summary>
    public bool IsUnlimited { get; set; }

    /// <summary>What the share depends on, where the program has set none.</summary>
    /// <param name="isMemoryShort">Merging is urgent.</param>
    /// <param name="areProcessorsBusy">Programs would feel it.</param>
    public void Choose(bool isMemoryShort, bool areProcessorsBusy) =>
        _percent = isMemoryShort ? ShortagePercent : areProcessorsBusy ? GentlePercent : IdlePercent;

    /// <summary>A turn begins.</summary>
    /// <param name="bell">The doorbell as it stood before requests were answered: who has rung since is not kept waiting.</param>
    public void BeginTurn(uint bell)
    {
        _since = Stopwatch.GetTimestamp();
        _bell = bell;
    }

    /// <summary>A piece of work is done: rests where it is time to, unless somebody has rung.</summary>
    public void Rest()
    {
        Count();
        if (_debt < s_restMin)
        {
            return;
        }

        Futex.Wait(&_gate->Doorbell, _bell, (int)_debt.TotalMilliseconds);
        var rested = Stopwatch.GetElapsedTime(_since);
        _debt = rested < _debt ? _debt - rested : TimeSpan.Zero;
        _since = Stopwatch.GetTimestamp();
    }

    /// <summary>The turn is over. Gives the milliseconds to rest before the next.</summary>
    public int EndTurn()
    {
        Count();
        var rest = _debt;
        _debt = TimeSpan.Zero;
        return (int)rest.TotalMilliseconds;
    }

    private void Count()
    {
        var share = _gate->Limits.CpuPercentMax is 0 ? _percent : Math.Min(_gate->Limits.CpuPercentMax, 100);
        var debt = _debt + Stopwatch.GetElapsedTime(_since) * (100 - share) / share;
        _debt = IsUnlimited ? TimeSpan.Zero : debt < s_debtMax ? debt : s_debtMax;
        _since = Stopwatch.GetTimestamp();
    }
}
