using System.CommandLine;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Merging.Kernel;
using Samepage.Targets;

namespace Samepage.Cli.Commands;

/// <summary>
/// <c>samepage unmerge</c>: breaks merged pages apart and leaves processes opted in. Without targets it is the gentle
/// way of writing 2 to the kernel's switch: it stops ksmd first, which would merge everything again, and then goes
/// through all processes in slices.
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
        command.SetVerb((parsed, front) => Custody.Run(cancel =>
        {
            var proc = new ProcFs();
            var ksm = Ksmd.Require();
            var options = new UnmergeOptions { Force = parsed.GetValue(force), DryRun = parsed.GetValue(dryRun) };
            var report = new OptInReport("unmerge", "unmerged", options.DryRun, parsed.GetValue(json));
            var engine = new KernelEngine(proc, Faults.Injector(proc));
            var isAll = targets.Query(parsed).IsEmpty;
            var chosen = isAll
                ? engine.Holders(new TargetResolver(proc).Resolve(new TargetQuery { All = true }))
                : targets.ResolveEach(parsed, proc, report.Refuse);
            if (!options.DryRun)
            {
                QuietKsmd(ksm, isAll);
            }

            foreach (var outcome in engine.Unmerge(chosen, options, cancel))
            {
                report.Add(outcome);
            }

            return report.Finish(ksmdStarted: null);
        }, front));
        return command;
    }

    private static void QuietKsmd(KsmSysfs ksm, bool isAll)
    {
        if (!ksm.IsRunning)
        {
            return;
        }

        if (!isAll)
        {
            Console.Error.WriteLine("samepage: ksmd runs and will merge these pages again; 'samepage disable' prevents that");
            return;
        }

        ksm.Write("run", 0);
        Console.Error.WriteLine($"samepage: stopped ksmd (wrote 0 to {ksm.Root}/run), which would merge the pages again");
    }
}
