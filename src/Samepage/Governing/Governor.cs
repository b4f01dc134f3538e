namespace Samepage.Governing;

/// <summary>
/// Decides how fast ksmd scans, from what its next CPU-second is worth. It only thinks: samples come in, orders and
/// their reasons go out, and time is what the samples say, so that whole days can be replayed.
/// </summary>
/// <remarks>
/// <para>A <b>prospect</b> (new memory, a promise, a loss) begins a piece of <b>work</b>: as many passes as ksmd needs
/// to merge what it is offered, and then on for as long as growth for each CPU-second is worth it. Then the
/// host has <b>converged</b>, and a trickle looks for what nobody announced.</para>
/// <para>Work goes at the pace of a burst, but never faster than what is left of the budget's window would last for
/// <see cref="s_reserve"/>: bursts are quick, long work averages four fifths of the budget, and nothing ever runs into
/// the wall. Behind that stands the wall itself: an order that could overspend before the next look, were every page as
/// dear as the dearest seen, is cut down.</para>
/// <para>While programs keep the processors busy work goes gently, and under pressure on the CPU it waits, but not for
/// ever; where memory is short it waits for nobody. The whole of
/// it stands in docs/internals/governor.md. Not thread-safe.</para>
/// </remarks>
/// <param name="options">What the operator set.</param>
/// <exception cref="ArgumentOutOfRangeException">A share or a time has no meaning.</exception>
public sealed partial class Governor(GovernorOptions options)
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_reserve = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_dwell = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_lookWhileWorking = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_lookWhileIdle = TimeSpan.FromSeconds(2);

    /// <summary>The part of the budget that the daemon itself may use up.</summary>
    private const double DaemonPartMax = 0.5;

    private readonly CpuBudget _budget = new(options.Checked().BudgetShare, options.BudgetWindow);
    private readonly ScanCost _cost = new();
    private readonly YieldMeter _yield = new();
    private readonly Prospects _prospects = new(options);
    private readonly Pacer _pacer = new();
    private readonly Threshold _cpuPressure = new(options.CpuPressure.Enter, options.CpuPressure.Leave, isHigh: true, s_dwell);
    private readonly Threshold _memoryPressure = new(options.MemoryPressure.Enter, options.MemoryPressure.Leave, isHigh: true, s_dwell);
    private readonly Threshold _lowMemory = new(options.AvailableShare.Enter, options.AvailableShare.Leave, isHigh: false, s_dwell);
    private readonly ScanPlace _place = new();
    private readonly Patrol _patrol = new(options.TrickleShare);
    private readonly OthersCpu _others = new(options.OthersBusy, s_dwell);
    private HostSample? _last;
    private Work? _work;
    private string _outcome = "nothing was merged yet";

    /// <summary>CPU time of ksmd since the first sample, and its share of a core between the last two.</summary>
    private double _cpuSeconds, _ownShare;

    /// <summary>CPU time of ksmd when a pass ended last.</summary>
    private double _cpuSecondsAtPass;

    /// <summary>The budget ran out, and not enough has come back yet.</summary>
    private bool _isSpent, _hasPast;

    private bool IsMemoryShort => _memoryPressure.IsOn || _lowMemory.IsOn;

    /// <summary>Takes in a sample, later than those before, and decides.</summary>
    public GovernorDecision Decide(HostSample now)
    {
        Account(now);
        _memoryPressure.Observe(now.MemoryPressure, now.At);
        _lowMemory.Observe(now.AvailableShare, now.At);

        // ksmd itself waits and lets wait: what it may have caused is no reason to stop it.
        _cpuPressure.Observe(Math.Max(0, now.CpuPressure - (100 * _ownShare)), now.At);
        FollowWork(now);
        var choice = Choose(now);
        var before = _pacer.Last;
        var order = choice.Share <= 0 ? _pacer.Keep(before.Stop()) : Finish(now, before, Afford(now, ref choice), choice);
        _last = now;
        return new GovernorDecision(
            now.At, choice.Mode, order, order != before, choice.Reason, LookAfter(choice), choice.Share,
            _budget.Left(now.At), _yield.BytesPerCpuSecond);
    }

    /// <summary>A patrol must be seen to end within the pause after its last turn.</summary>
    private TimeSpan LookAfter(Choice choice) =>
        choice.Mode is GovernorMode.Working or GovernorMode.Hurrying || choice.Share > options.TrickleShare
            ? s_lookWhileWorking
            : s_lookWhileIdle;

    /// <summary>Books what ksmd and its driver have spent since the last look, and learns from what ksmd has.</summary>
    private void Account(HostSample now)
    {
        if (_last is not { } last || now.At <= last.At)
        {
            return;
        }

        _place.Observe(last, now);
        var pages = now.PagesScanned - last.PagesScanned;
        var isMeasured = now.KsmdCpuNanoseconds is not null && last.KsmdCpuNanoseconds is not null;
        var seconds = isMeasured
            ? Math.Max(0, (now.KsmdCpuNanoseconds - last.KsmdCpuNanoseconds)!.Value) / 1e9
            : AssumedSeconds(now.At - last.At, pages);
        _budget.Spend(last.At, now.At, seconds + DaemonSeconds(last, now));
        _cpuSeconds += seconds;
        _ownShare = seconds / (now.At - last.At).TotalSeconds;
        if (isMeasured)
        {
            _cost.Observe(seconds, pages ?? 0);
        }

        if (now.FullScans > last.FullScans)
        {
            if (_work is { } work)
            {
                _cost.ObservePasses(
                    _cpuSeconds - Math.Max(_cpuSecondsAtPass, work.CpuSecondsBefore), now.FullScans - last.FullScans, now.TrackedPages,
                    isFirst: _cpuSecondsAtPass <= work.CpuSecondsBefore);
            }

            _cpuSecondsAtPass = _cpuSeconds;
        }

        if (now.EligibleBytes < last.EligibleBytes - options.NewMemoryMin)
        {
            _yield.Reset();
        }

        _yield.Observe(seconds, now.SavedBytes);
        _others.Observe(last, now, seconds);
    }

    /// <summary>
    /// What the daemon took, as far as the budget bears it: whoever keeps its HTTP busy must not stop ksmd. What it will
    /// take nobody knows; it is taken to go on as in the window before, and the first window to have been like its end.
    /// </summary>
    private double DaemonSeconds(HostSample last, HostSample now)
    {
        var time = (now.At - last.At).TotalSeconds;
        var seconds = Math.Clamp((now.DaemonCpuNanoseconds - last.DaemonCpuNanoseconds) / 1e9 ?? 0, 0, DaemonPartMax * options.BudgetShare * time);
        if (!_hasPast)
        {
            _hasPast = true;
            for (var at = last.At - options.BudgetWindow; at < last.At; at += s_second)
            {
                _budget.Spend(at, at + s_second, seconds / time);
            }
        }

        return seconds;
    }

    /// <summary>Where ksmd's thread cannot be seen (another pid namespace), it is taken to cost what it costs at most.</summary>
    private double AssumedSeconds(TimeSpan time, long? pages) => pages is { } scanned
        ? Math.Max(0, scanned) * _cost.QuickNanoseconds / 1e9
        : time.TotalSeconds * _pacer.Last.ShareAt(_cost.QuickNanoseconds);

    /// <summary>Cuts the choice down to what the budget allows.</summary>
    private ScanOrder Afford(HostSample now, ref Choice choice)
    {
        var left = _budget.Left(now.At);
        var share = Math.Min(choice.Share, Math.Max(0, left) / s_reserve.TotalSeconds);
        var isTrickle = choice.Mode is GovernorMode.Converged or GovernorMode.Waiting;
        var cost = isTrickle && choice.Share <= options.TrickleShare ? Math.Max(_cost.SteadyNanoseconds, _cost.PassNanoseconds) : _cost.QuickNanoseconds;
        _isSpent &= left < _budget.WindowSeconds / 10;
        if (_isSpent || share <= 0 || Cap(_pacer.Order(share, isTrickle, cost), left, LookAfter(choice)) is not { } order)
        {
            _isSpent = true;
            choice = new Choice(GovernorMode.Spent, 0, Describe(left, $"stands still until some of it comes back (then: {choice.Reason})"));
            return _pacer.Keep(_pacer.Last.Stop());
        }

        choice = share < 0.9 * choice.Share
            ? choice with { Share = share, Reason = Describe(left, $"{Figures.Core(share)} for now ({choice.Reason})") }
            : choice;
        return _pacer.Keep(order);
    }

    /// <summary>
    /// In the last pass of a piece of work, as many pages as are left of it in one turn, and a long pause: the end of the
    /// pass ends that turn, and ksmd stands at the start of the next, the best place for newcomers (<see cref="ScanPlace"/>).
    /// </summary>
    private ScanOrder Finish(HostSample now, ScanOrder before, ScanOrder order, Choice choice)
    {
        var isLastPass = choice.Mode is GovernorMode.Working or GovernorMode.Hurrying && _work is { } work && work.Goal.FullScans == now.FullScans + 1;
        if (!isLastPass || !order.IsRunning || _place.PagesLeft(now) is not { } left)
        {
            return order;
        }

        var untilNextLook = choice.Share * s_lookWhileWorking.TotalSeconds / (_cost.QuickNanoseconds / 1e9);
        var isFinishing = before is { IsRunning: true, SleepMilliseconds: >= Pacer.TrickleSleepMilliseconds };
        if (!isFinishing && left.Least > 1.5 * untilNextLook)
        {
            return order;
        }

        // Another pause than the one before wakes ksmd, where that turn was not the last after all.
        var pause = before.SleepMilliseconds == Pacer.TrickleSleepMilliseconds ? Pacer.TrickleSleepMilliseconds + 1 : Pacer.TrickleSleepMilliseconds;
        var last = new ScanOrder(true, left.Most + (left.Most / 8) + ScanOrder.PagesMin, pause, PassesOver: false);
        return Cap(last, _budget.Left(now.At), s_lookWhileWorking) is { } capped ? _pacer.Keep(capped) : order;
    }

    private string Describe(double left, string what) =>
        $"{Figures.CpuSeconds(Math.Max(0, left))} are left of the {Figures.CpuSeconds(_budget.WindowSeconds)} for {options.BudgetWindow.TotalSeconds:0} s: {what}";

    /// <summary>
    /// The order, or as much of it as could not overspend before the look after the next, were every page as dear as
    /// the dearest; null where nothing is left of it.
    /// </summary>
    private ScanOrder? Cap(ScanOrder order, double left, TimeSpan look)
    {
        double Worst(ScanOrder of) =>
            (of.ShareAt(_cost.WorstNanoseconds) * 2 * look.TotalSeconds) + (of.PagesToScan * _cost.WorstNanoseconds / 1e9);
        while (Worst(order) > left)
        {
            order = order with { PagesToScan = order.PagesToScan / 2 };
            if (order.PagesToScan < ScanOrder.PagesMin)
            {
                return null;
            }
        }

        return order;
    }

    /// <summary>A mode and a pace, before the budget is asked.</summary>
    private readonly record struct Choice(GovernorMode Mode, double Share, string Reason);
}
