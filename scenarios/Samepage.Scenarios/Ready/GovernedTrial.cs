using System.Diagnostics;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Scenarios.Ready;

/// <summary>What the governor made of programs, and what ksmd would have done without it.</summary>
/// <param name="SavedPages">What was merged, at the end of the governor's time.</param>
/// <param name="KsmdCpuSeconds">What ksmd spent under the governor.</param>
/// <param name="OwnCpuSeconds">What the governor itself spent meanwhile.</param>
/// <param name="GovernedSeconds">How long that was.</param>
/// <param name="Verdict">What the governor decided last.</param>
/// <param name="RestingShare">The share of a core that ksmd took once the governor had decided so.</param>
/// <param name="LooseShare">The same at a quick pace without a governor, for a few seconds after.</param>
/// <param name="LooseSeconds">How long that was.</param>
internal sealed record GovernedOutcome(
    long SavedPages, double KsmdCpuSeconds, double OwnCpuSeconds, double GovernedSeconds, GovernorDecision? Verdict,
    double RestingShare, double LooseShare, double LooseSeconds)
{
    /// <summary>The governor found out that there is no more to gain.</summary>
    public bool IsDone => Verdict?.Mode is GovernorMode.Converged or GovernorMode.Resting;
}

/// <summary>
/// Lets the governor, as <c>samepage serve</c> runs it, decide about programs that have opted in, until it has come to rest
/// and stayed there for a while; then lets ksmd go without it for a few seconds, to see what that would cost.
/// </summary>
/// <param name="proc">Where processes are looked up.</param>
/// <param name="ksm">ksmd's settings and counters.</param>
/// <param name="scan">Carries orders out; the caller puts settings back.</param>
/// <param name="options">How the governor is set.</param>
internal sealed class GovernedTrial(ProcFs proc, KsmSysfs ksm, KernelScan scan, GovernorOptions options)
{
    private static readonly TimeSpan s_loose = TimeSpan.FromSeconds(4);

    /// <summary>Who has not begun to work by then found nothing worth it.</summary>
    private static readonly TimeSpan s_noticing = TimeSpan.FromSeconds(12);

    private readonly KsmdThread _ksmd = new(proc);

    private double KsmdCpuSeconds => _ksmd.CpuSeconds ?? 0;

    /// <summary>Lets ksmd scan without pause: all that programs had in its hands is soon dropped once they have ended.</summary>
    public void LetLoose() => scan.Apply(new ScanOrder(true, Trials.MergeTrial.PagesToScan, Trials.MergeTrial.SleepMilliseconds, PassesOver: false));

    /// <summary>Runs it.</summary>
    /// <param name="promisedBytes">What an estimate says could be saved.</param>
    /// <param name="rest">How long to watch once the governor has come to rest.</param>
    /// <param name="longest">How long to wait for that.</param>
    /// <param name="told">Told each new decision's reason, and pages saved and CPU time of ksmd at each look.</param>
    /// <param name="cancel">Ends it early.</param>
    public GovernedOutcome Run(
        long promisedBytes, TimeSpan rest, TimeSpan longest, Action<string?, long, double> told, CancellationToken cancel)
    {
        var (watch, savedBefore) = (Stopwatch.StartNew(), ksm.SavedPages);
        var (ksmdBefore, ownBefore) = (KsmdCpuSeconds, Environment.CpuUsage.TotalTime);
        var sampler = new HostSampler(proc, ksm, _ksmd, TimeProvider.System);
        var (hasWorked, last, restedAt) = (false, (GovernorDecision?)null, ((TimeSpan At, double Cpu)?)null);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        HostSample Sample() => sampler.Take(Math.Max(0, promisedBytes - ((ksm.SavedPages - savedBefore) * HostSample.PageSize)));
        new GovernorLoop(Sample, new Governor(options), scan).Run(
            (decision, _) =>
            {
                told(decision.Mode == last?.Mode ? null : decision.Reason, ksm.SavedPages - savedBefore, KsmdCpuSeconds - ksmdBefore);
                last = decision;
                hasWorked |= decision.Mode is not (GovernorMode.Resting or GovernorMode.Converged);
                // Before it has seen who opted in, and that they have stopped growing, it rests for another reason.
                // A patrol that brings a pass to its end is still a part of the work.
                var isAtRest = decision.Mode is GovernorMode.Resting or GovernorMode.Converged && decision.WantedShare <= options.TrickleShare
                    && (hasWorked || watch.Elapsed > s_noticing);
                restedAt = isAtRest ? restedAt ?? (watch.Elapsed, KsmdCpuSeconds) : null;
                if (watch.Elapsed > longest || (restedAt is { } at && watch.Elapsed - at.At >= rest))
                {
                    end.Cancel();
                }
            },
            end.Token);
        cancel.ThrowIfCancellationRequested();
        var (governed, cpu) = (watch.Elapsed, KsmdCpuSeconds);
        var (saved, own) = (ksm.SavedPages - savedBefore, (Environment.CpuUsage.TotalTime - ownBefore).TotalSeconds);
        var resting = restedAt is { } since && governed > since.At ? (cpu - since.Cpu) / (governed - since.At).TotalSeconds : 1;
        var (loose, looseSeconds) = MeasureLoose(cancel);
        return new GovernedOutcome(saved, cpu - ksmdBefore, own, governed.TotalSeconds, last, resting, loose, looseSeconds);
    }

    private (double Share, double Seconds) MeasureLoose(CancellationToken cancel)
    {
        LetLoose();
        var (watch, before) = (Stopwatch.StartNew(), KsmdCpuSeconds);
        cancel.WaitHandle.WaitOne(s_loose);
        cancel.ThrowIfCancellationRequested();
        return ((KsmdCpuSeconds - before) / watch.Elapsed.TotalSeconds, watch.Elapsed.TotalSeconds);
    }
}
