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
