using System.CommandLine;
using Samepage.Linux.Proc;
using Samepage.Merging.Kernel;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage enable</c>: opts running processes in to the kernel's merging.</summary>
internal static class EnableCommand
{
    public static Command Create()
    {
        var noStart = new Option<bool>("--no-start") { Description = "Leave ksmd as it is, also where it stands still" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be done, and touch nothing" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object" };
        var command = new Command("enable", "Let the kernel merge the pages of running processes.") { noStart, dryRun, json };
        var targets = new TargetOptions().AddTo(command);
        Manual.Add(
            command,
            "One thread of each process, where possible one that waits, is stopped for some 50 to 150 microseconds and made to carry out one system call; its memory is not touched. ksmd is started where it stands still, unless a daemon drives it or --no-start is given. A target that is refused does not stop the others.",
            "Exit status: 0 all done, or nothing to do; 1 something failed or was interrupted; 2 no target or a bad value; 3 the kernel has no merging or is older than 6.4; 4 not permitted; 5 a target has ended or is unsuitable.");
        command.SetVerb((parsed, front) => Custody.Run(cancel =>
        {
            var proc = new ProcFs();
            var ksm = Ksmd.Require();
            var isDry = parsed.GetValue(dryRun);
            if (!isDry)
            {
                Ksmd.PutBackLeftovers(ksm);
            }

            var mayStart = !parsed.GetValue(noStart) && !isDry;
            if (mayStart)
            {
                Ksmd.RequireStart(ksm);
            }

            var report = new OptInReport("enable", "enabled", isDry, parsed.GetValue(json));
            var isAny = false;
            foreach (var outcome in new KernelEngine(proc, Faults.Injector(proc)).Enable(OptInTargets.Choose(targets, parsed, proc, report), isDry, cancel))
            {
                report.Add(outcome);
                isAny |= outcome.Outcome is InjectionOutcome.Done or InjectionOutcome.Already;
            }

            if (isAny && !isDry)
            {
                Ksmd.ForgetConvergence();
            }

            return report.Finish(ksmdStarted: mayStart && isAny && Ksmd.Start(ksm));
        }, front));
        return command;
    }
}
