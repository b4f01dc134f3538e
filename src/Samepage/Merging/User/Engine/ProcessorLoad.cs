using Samepage.Linux.Proc;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Whether the host's processors have much to do: then programs feel how much is merged in a second. Counts everything,
/// also engines of this and of other members: where many of them merge at once, all go gently. One thread: the engine's.
/// </summary>
internal sealed class ProcessorLoad(ProcFs proc)
{
    /// <summary>The part of all processors' time above which they count as busy, and the one below which no longer.</summary>
    private const double Busy = 0.10, Idle = 0.07;

    /// <summary>The file is long where there are many processors.</summary>
    private static readonly TimeSpan s_stretch = TimeSpan.FromSeconds(10), s_firstStretch = TimeSpan.FromSeconds(2);

    private (CpuTimes Times, TimeSpan At)? _last;
    private TimeSpan _next;

    /// <summary>Whether they were, in the stretch of time that was looked at last; true where that is not known.</summary>
    public bool IsBusy { get; private set; } = true;

    /// <summary>Looks, where it is time to.</summary>
    /// <param name="now">On a clock that never goes back.</param>
    public void Observe(TimeSpan now)
    {
        if (now < _next || CpuTimes.TryRead(proc) is not { } times)
        {
            return;
        }

        if (_last is { } last && now > last.At)
        {
            var share = (times.BusyNanoseconds - last.Times.BusyNanoseconds) / ((now - last.At).TotalNanoseconds * times.Processors);
            IsBusy = share > (IsBusy ? Idle : Busy);
        }

        _next = now + (_last is null ? s_firstStretch : s_stretch);
        _last = (times, now);
    }
}
