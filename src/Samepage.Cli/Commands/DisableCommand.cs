using System.CommandLine;
using Samepage.Linux.Proc;
using Samepage.Merging.Kernel;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage disable</c>: opts processes out, where memory suffices for their merged pages.</summary>
internal static class DisableCommand
{
    public static Command Create()
    {
        var force = new Option<bool>("--force") { Description = "Go on where memory would not suffice" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be done, and touch nothing" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object" };
        var command = new Command("disable", "Give processes their own pages back and end their merging.") { force, dryRun, json };
        var targets = new TargetOptions().AddTo(command);
        Manual.Add(
            command,
            "Copies every merged page, so it looks first, and before each slice of 8 MiB, at what is needed and what there is: available memory, free swap, the process's control groups. Where that does not suffice it refuses and shows the arithmetic. It also takes back what a program asked for itself.",
            "Exit status: 0 all done, or nothing to do; 1 something failed or was interrupted; 2 no target or a bad value; 3 the kernel has no merging or is older than 6.4; 4 not permitted; 5 a target has ended or is unsuitable; 6 refused: memory would not suffice.");
        command.SetVerb((parsed, front) => Custody.Run(cancel =>
        {
            var proc = new ProcFs();
            _ = Ksmd.Require();
            var options = new UnmergeOptions { Force = parsed.GetValue(force), DryRun = parsed.GetValue(dryRun) };
            var report = new OptInReport("disable", "disabled", options.DryRun, parsed.GetValue(json));
            foreach (var outcome in new KernelEngine(proc, Faults.Injector(proc)).Disable(OptInTargets.Choose(targets, parsed, proc, report), options, cancel))
            {
                report.Add(outcome);
            }

            return report.Finish(ksmdStarted: null);
        }, front));
        return command;
    }
}
