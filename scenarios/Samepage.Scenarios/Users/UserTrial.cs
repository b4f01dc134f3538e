using System.Diagnostics;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Merging.User.Keeping;
using Samepage.Scenarios.Trials;

namespace Samepage.Scenarios.Users;

/// <summary>
/// Lets the user engine merge a trial's programs, which are members of a domain already, waits until it saves no more,
/// and counts. Not thread-safe.
/// </summary>
/// <param name="proc">Where processes are looked up.</param>
/// <param name="domain">The domain; its keeper has not been started.</param>
internal sealed class UserTrial(ProcFs proc, UserDomain domain)
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(250);

    /// <summary>A quiet part of memory is looked at for the second time after four seconds; by then all that somebody else has promoted is merged.</summary>
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(6);

    /// <summary>A member looks for its keeper twice a second.</summary>
    private static readonly TimeSpan s_joinPatience = TimeSpan.FromSeconds(20);

    /// <summary>Starts the keeper and waits until nothing more is merged or the time is up.</summary>
    /// <param name="programs">Running programs.</param>
    /// <param name="timeout">The longest wait.</param>
    /// <param name="progress">Told the pages saved and the engine's CPU time so far.</param>
    /// <param name="cancel">Ends the wait early.</param>
    /// <exception cref="ScenarioException">The keeper did not start, or nobody came to it.</exception>
    /// <exception cref="OperationCanceledException">The wait was called off.</exception>
    public MergeAchievement Merge(
        IReadOnlyList<ScenarioProgram> programs, TimeSpan timeout, Action<long, double> progress, CancellationToken cancel)
    {
        var (watch, before) = (Stopwatch.StartNew(), AnonymousPages(programs));
        domain.StartKeeper();
        var (saved, floor, grownAt, isQuiet) = (0L, 0L, TimeSpan.Zero, false);
        DomainReport? report = null;
        while (!isQuiet && watch.Elapsed < timeout && !cancel.WaitHandle.WaitOne(s_look))
        {
            report = domain.Ask() ?? report;
            saved = before - AnonymousPages(programs) - (report?.Segments.Pages ?? 0);
            if (saved > floor + Math.Max(16, floor / 1000))
            {
                (floor, grownAt) = (saved, watch.Elapsed);
            }

            if (report is not { Members.Count: > 0 } && watch.Elapsed > s_joinPatience)
            {
                throw new ScenarioException($"none of the programs joined domain {domain.Name}");
            }

            progress(saved, report is null ? 0 : CpuSeconds(report));
            isQuiet = HaveAllLooked(report, programs.Count) && watch.Elapsed - grownAt > s_quiet;
        }

        cancel.ThrowIfCancellationRequested();
        return Achievement(report!, saved, isQuiet, watch.Elapsed);
    }

    /// <summary>All have joined and been through their memory once.</summary>
    private static bool HaveAllLooked(DomainReport? report, int count) =>
        report?.Members.Count >= count && report.Members.All(member => member.Counters.PassesTotal > 0);

    private static MergeAchievement Achievement(DomainReport report, long saved, bool isQuiet, TimeSpan took)
    {
        ulong Sum(Func<MemberFigures, ulong> of) => report.Members.Aggregate(0UL, (sum, member) => sum + of(member.Counters));
        var zeroed = (long)Sum(figures => figures.ZeroPagesTotal);
        var reasons = report.Members.Select(member => member.Reason).Where(reason => reason.Length > 0).Distinct().ToList();
        var verdict = isQuiet
            ? new ConvergenceVerdict(Convergence.Converged, $"{s_quiet.TotalSeconds:0} seconds without growth", 0, 0)
            : new ConvergenceVerdict(Convergence.Growing, reasons is [var first, ..] ? first : "still growing when the time was up", 0, 0);
        return new MergeAchievement(
            saved - zeroed, zeroed, verdict, (long)report.Members.Min(member => member.Counters.PassesTotal),
            CpuSeconds(report), took.TotalSeconds, HadOthers: false)
        {
            StallMicrosecondsMax = report.Members.Max(member => member.Counters.WindowNanosecondsMax) / 1000.0,
        };
    }

    /// <summary>Of all members' engines and the keeper.</summary>
    private static double CpuSeconds(DomainReport report) =>
        (report.Members.Aggregate(0UL, (sum, member) => sum + member.Counters.CpuNanosecondsTotal) * 1e-9) + report.CpuSeconds;

    private long AnonymousPages(IReadOnlyList<ScenarioProgram> programs) =>
        programs.SelectMany(program => program.Pids).Sum(pid => (KeyedText.Parse(proc.TryRead(pid, "status") ?? "").Bytes("RssAnon") ?? 0) / 4096);
}
