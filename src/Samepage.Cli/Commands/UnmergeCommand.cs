using System.CommandLine;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Merging.Kernel;
using Samepage.Targets;

namespace Samepage.Cli.Commands;

/// <summary>
/// <c>samepage unmerge</c>: breaks merged pages apart and leaves processes opted in. Without targets it is the gentle
/// way of writing 2 to the kernel's switch: it stops ksmd first, which would merge everything again, and then goes
/// through all processes in slices. Where that comes to nothing, or is interrupted, ksmd goes on as before.
/// </summary>
internal static class UnmergeCommand
{
    public static Command Create()
    {
        var force = new Option<bool>("--force") { Description = "Go on where memory would not suffice" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be done, and touch nothing" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object" };
        var command = new Command("unmerge", "Break merged pages apart: of some processes or, with ksmd stopped, of all.") { force, dryRun, json };
        var targets = new TargetOptions().AddTo(command);
        Manual.Add(
            command,
            "Leaves processes opted in. Without targets ksmd is stopped first, which would merge everything again, and goes on as before where nothing comes of it; where the daemon serves, ksmd is the daemon's, and that is said instead. Before it begins, and before each slice, it looks at what is needed and what there is.",
            "Exit status: 0 all done, or nothing to do; 1 something failed or was interrupted; 2 a bad value; 3 the kernel has no merging or is older than 6.4; 4 not permitted; 5 a target has ended or is unsuitable; 6 refused: memory would not suffice.");
        command.SetVerb((parsed, front) => Custody.Run(cancel =>
        {
            var proc = new ProcFs();
            var ksm = Ksmd.Require();
            var options = new UnmergeOptions { Force = parsed.GetValue(force), DryRun = parsed.GetValue(dryRun) };
            var report = new OptInReport("unmerge", "unmerged", options.DryRun, parsed.GetValue(json));
            var engine = new KernelEngine(proc, Faults.Injector(proc));
            var isAll = targets.Query(parsed).IsEmpty;
            var (chosen, unseen) = isAll ? OptInTargets.AllHolders(engine, proc) : (OptInTargets.Choose(targets, parsed, proc, report), 0);
            if (isAll && chosen.Count == 0)
            {
                report.NothingMerged(unseen);
            }

            var isStopped = !options.DryRun && IsAnyPossible(engine, chosen, options, cancel) && QuietKsmd(ksm, isAll);
            var isLasting = false;
            try
            {
                isLasting = BreakAll(engine.Unmerge(chosen, options, cancel), report);
            }
            finally
            {
                if (isStopped && !isLasting)
                {
                    ksm.Write("run", 1);
                    StandardError.Tell($"started ksmd again (wrote 1 to {ksm.Root}/run)");
                }
            }

            return report.Finish(ksmdStarted: null);
        }, front));
        return command;
    }

    /// <summary>Whether the guard lets any of them through: else ksmd need not even be stopped.</summary>
    private static bool IsAnyPossible(KernelEngine engine, IReadOnlyList<TargetProcess> chosen, UnmergeOptions options, CancellationToken cancel) =>
        engine.Unmerge(chosen, options with { DryRun = true }, cancel).Any(outcome => outcome.Outcome == InjectionOutcome.Done);

    /// <summary>Whether pages were broken apart, and the work came to its end: only then is ksmd better left standing.</summary>
    private static bool BreakAll(IEnumerable<TargetOutcome> outcomes, OptInReport report)
    {
        var isAny = false;
        var isInterrupted = false;
        foreach (var outcome in outcomes)
        {
            report.Add(outcome);
            isAny |= outcome.Outcome == InjectionOutcome.Done;
            isInterrupted |= outcome.Outcome == InjectionOutcome.Cancelled;
        }

        return isAny && !isInterrupted;
    }

    /// <returns>Whether it was stopped.</returns>
    private static bool QuietKsmd(KsmSysfs ksm, bool isAll)
    {
        if (DaemonQuery.DriverInWords() is { } driver)
        {
            StandardError.Tell($"{driver} has ksmd merge, and will have it merge these pages again; stop it first, or 'samepage disable' the processes");
            return false;
        }

        if (!ksm.IsRunning)
        {
            return false;
        }

        if (!isAll)
        {
            StandardError.Tell("ksmd runs and will merge these pages again; 'samepage disable' prevents that");
            return false;
        }

        ksm.Write("run", 0);
        StandardError.Tell($"stopped ksmd (wrote 0 to {ksm.Root}/run), which would merge the pages again");
        return true;
    }
}
