using System.CommandLine;
using Samepage.Linux.Proc;
using Samepage.Merging.Kernel;
using Samepage.Targets;

namespace Samepage.Cli.Commands;

/// <summary>The processes that <c>enable</c>, <c>disable</c> and <c>unmerge</c> work on.</summary>
internal static class OptInTargets
{
    /// <summary>
    /// Those asked for. A process named by number that cannot be a target goes into the report, be it the only one or
    /// not. The command in front waits for this process, and is as little a target as this process itself.
    /// </summary>
    /// <exception cref="CommandFailure">Nothing was asked for, or a value is not of the option's form.</exception>
    /// <exception cref="TargetException">Nothing matched.</exception>
    public static IReadOnlyList<TargetProcess> Choose(TargetOptions options, ParseResult parsed, ProcFs proc, OptInReport report)
    {
        try
        {
            return [.. options.ResolveEach(parsed, proc, report.Refuse).Where(target => target.Pid != Custody.Front)];
        }
        catch (TargetException unsuitable) when (options.Query(parsed).Pids is [var pid])
        {
            report.Refuse(pid, unsuitable.Message);
            return [];
        }
    }

    /// <summary>All processes that hold merged pages, and how many others could not be looked at.</summary>
    public static (IReadOnlyList<TargetProcess> Holders, int Unseen) AllHolders(KernelEngine engine, ProcFs proc)
    {
        try
        {
            var all = new TargetResolver(proc).Resolve(new TargetQuery { All = true });
            var holders = engine.Holders(all.Where(target => target.Pid != Custody.Front), out var unseen);
            return (holders, unseen);
        }
        catch (TargetException)
        {
            // A process namespace of one's own may have nothing in it.
            return ([], 0);
        }
    }
}
