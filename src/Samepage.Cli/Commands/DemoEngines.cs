using Samepage.Cli.Rendering;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Scenarios.Trials;
using Samepage.Scenarios.Users;

namespace Samepage.Cli.Commands;

/// <summary>Which engines a demonstration shows, and why.</summary>
/// <param name="Kernel">Whether ksmd merges.</param>
/// <param name="User">The user engine's files where it merges; null where it does not.</param>
/// <param name="Reason">Why these, in one sentence without a full stop.</param>
internal sealed record DemoEngines(bool Kernel, UserEngineFiles? User, string Reason)
{
    /// <summary>
    /// Reads the option. The user engine is the better one where it can run: it reaches the same saving for a part of
    /// ksmd's CPU time, and shares within one domain only.
    /// </summary>
    /// <exception cref="CommandFailure">The text names no engine, or one that this machine cannot run.</exception>
    public static DemoEngines Choose(string text)
    {
        var files = UserEngineFiles.Find(AppContext.BaseDirectory, out var missing);
        var lack = string.Join("; ", missing);
        return text switch
        {
            "kernel" => new DemoEngines(true, null, "it was asked for"),
            "user" => new DemoEngines(false, Require(files, lack), "it was asked for"),
            "both" => new DemoEngines(true, Require(files, lack), "both were asked for"),
            "best" when files is not null => new DemoEngines(
                false, files, "this kernel lets a process move its pages, and the user engine costs less than ksmd and shares within a domain only"),
            "best" => new DemoEngines(true, null, $"the user engine cannot run here; missing: {lack}"),
            _ => throw new CommandFailure(ExitCode.Usage, $"--engine wants best, kernel, user or both, not '{text}'"),
        };
    }

    /// <summary>Shows them, one after the other, each with programs of its own.</summary>
    public IReadOnlyList<DemonstrationResult> Run(
        ProcFs proc, KsmSysfs ksm, DemonstrationOptions options, StepDisplay display, CancellationToken cancel)
    {
        var results = new List<DemonstrationResult>();
        if (Kernel)
        {
            results.Add(new KernelDemonstration(proc, ksm, display.Step, display.Detail).Run(options, cancel));
        }

        if (User is not null)
        {
            results.Add(new UserDemonstration(proc, User, display.Step, display.Detail).Run(options, cancel));
        }

        return results;
    }

    private static UserEngineFiles Require(UserEngineFiles? files, string lack) =>
        files ?? throw new CommandFailure(ExitCode.Missing, $"the user engine cannot run here; missing: {lack}");
}
