namespace Samepage.Governing;

/// <content>What there is to do, and how fast it is worth doing.</content>
public sealed partial class Governor
{
    /// <summary>A shortage of memory makes growth worth so many times more.</summary>
    private const int ShortageFactor = 8;

    /// <summary>After the longest wait, work goes on at this part of its pace.</summary>
    private const double PatienceFactor = 0.25;

    private double Worth => options.WorthBytesPerCpuSecond / (double)(IsMemoryShort ? ShortageFactor : 1);

    /// <summary>Begins, extends or ends the work.</summary>
    private void FollowWork(HostSample now)
    {
        if (now.EligibleBytes == 0 && now.TrackedPages == 0)
        {
            _work = null;
        }

        if (_prospects.NewMemory(now, _cost.PassNanoseconds, IsMemoryShort) is { } arrived)
        {
            Begin(now, arrived);
        }
        else if (_work is null && _prospects.Other(now, _cost.PassNanoseconds, _yield.BytesPerCpuSecond, IsMemoryShort) is { } other)
        {
            Begin(now, other);
        }

        if (_work is { } work)
        {
            work = _yield.BytesPerCpuSecond >= Worth ? work with { GrewAt = now } : work;
            _work = work.Goal.IsReached(now) && (work.Goal.IsWhole || IsQuiet(work, now)) ? null : work;
            if (_work is null)
            {
                End(now, work);
            }
        }
    }

    private void Begin(HostSample now, Prospect prospect)
    {
        // What the trickle saw is no measure of work.
        _yield.Reset();
        _patrol.Reset();
        var goal = RoundGoal.From(now, _work is null && _place.IsAtStart(now));
        _work = _work is { } running
            ? running with { Prospect = running.Prospect.With(prospect), Goal = goal, GrewAt = now }
            : new Work(prospect, goal, now, now, _cpuSeconds);
    }

    private void End(HostSample now, Work work)
    {
        var gained = now.SavedBytes - work.Begun.SavedBytes;
        var spent = _cpuSeconds - work.CpuSecondsBefore;
        _prospects.Finish(now, gained, spent);
        _outcome = $"{work.Prospect.Why} brought {Figures.Bytes(gained)} for {Figures.CpuSeconds(spent)}";
    }

    /// <summary>Enough pages went by since growth was last worth its price.</summary>
    private bool IsQuiet(Work work, HostSample now) =>
        now.PagesScanned - work.GrewAt.PagesScanned is { } pages
            ? pages >= options.QuietPasses * now.TrackedPages
            : now.FullScans - work.GrewAt.FullScans > Math.Ceiling(options.QuietPasses);

    private Choice Choose(HostSample now)
    {
        if (now.IsGrowthHeld)
        {
            return new Choice(GovernorMode.Held, 0, "the guard holds growth back: ksmd stands still, what is merged stays merged");
        }

        if (now.EligibleBytes == 0 && now.TrackedPages == 0)
        {
            return new Choice(GovernorMode.Resting, 0, "no process has opted in: ksmd stands still");
        }

        if (_work is { } work)
        {
            return ChoosePace(now, work);
        }

        var rest = now.ProfitBytes < 0
            ? new Choice(GovernorMode.Resting, 0, $"merging costs {Figures.Bytes(-now.ProfitBytes.Value)} more metadata than it saves: ksmd stands still until there is more memory")
            : ChooseRest(now);
        return _prospects.IsSettling ? rest with { Mode = GovernorMode.Waiting, Reason = "new memory still grows: waits until it has settled" } : rest;
    }

    /// <summary>Nothing is left to be done that anybody knows of.</summary>
    private Choice ChooseRest(HostSample now)
    {
        var why = $"converged ({_prospects.Declined ?? _outcome})";
        if (now.PagesScanned is null)
        {
            // Nobody can tell where ksmd stands (before 6.6).
            return new Choice(GovernorMode.Converged, options.TrickleShare, $"{why}: a trickle of {Figures.Core(options.TrickleShare)} looks for more");
        }

        var passSeconds = now.TrackedPages * _cost.PassNanoseconds / 1e9;
        var pace = Math.Max(options.TrickleShare, Math.Min(options.GentleShare, options.BudgetShare));
        return _patrol.IsOut(now, _place.IsAtStart(now), passSeconds, Worth)
            ? new Choice(GovernorMode.Converged, pace, $"{why}: a patrol at {Figures.Core(pace)} looks for more until the pass ends")
            : new Choice(GovernorMode.Converged, 0, $"{why}: ksmd stands still until the next patrol, which takes about {Figures.CpuSeconds(passSeconds)}");
    }

    private Choice ChoosePace(HostSample now, Work work)
    {
        var gain = _yield.BytesPerCpuSecond ?? 0;
        var reason = (work.Goal.IsReached(now), gain >= Worth) switch
        {
            (false, _) => work.Prospect.Why,
            (_, true) => $"{work.Prospect.Why}: still gains {Figures.Bytes(gain)} a CPU-second",
            _ => $"{work.Prospect.Why}: makes sure that no more than {Figures.Bytes(Worth)} a CPU-second is to be gained",
        };
        if (IsMemoryShort)
        {
            var hurry = Math.Min(0.9, 2 * options.BurstShare);
            return new Choice(GovernorMode.Hurrying, hurry, $"{reason}; memory is short ({Figures.Bytes(now.AvailableBytes)} available): hurries at {Figures.Core(hurry)}");
        }

        if (!_cpuPressure.IsOn && _others.AreBusy && options.GentleShare < options.BurstShare)
        {
            return new Choice(GovernorMode.Working, options.GentleShare, $"{reason}: gently at {Figures.Core(options.GentleShare)}, as programs keep {_others.Share:0 %} of the processors busy");
        }

        if (!_cpuPressure.IsOn)
        {
            return new Choice(GovernorMode.Working, options.BurstShare, $"{reason}: burst at {Figures.Core(options.BurstShare)}");
        }

        var pressure = $"others wait for a CPU {now.CpuPressure:0} % of the time";
        if (_cpuPressure.Since(now.At) < options.WaitMax)
        {
            return new Choice(GovernorMode.Waiting, options.TrickleShare, $"{reason}, but {pressure}: waits");
        }

        var slow = Math.Min(options.BurstShare * PatienceFactor, _others.AreBusy ? options.GentleShare : 1);
        return new Choice(GovernorMode.Working, slow, $"{reason}; {pressure}, and it has waited for {options.WaitMax.TotalSeconds:0} s: goes on at {Figures.Core(slow)}");
    }

    /// <summary>Something that is being done.</summary>
    /// <param name="Prospect">What it is for.</param>
    /// <param name="Goal">Enough passes from the last prospect on.</param>
    /// <param name="Begun">The look at which it began.</param>
    /// <param name="GrewAt">The last look at which growth was worth its price.</param>
    /// <param name="CpuSecondsBefore">What ksmd had spent when it began.</param>
    private sealed record Work(Prospect Prospect, RoundGoal Goal, HostSample Begun, HostSample GrewAt, double CpuSecondsBefore);
}
