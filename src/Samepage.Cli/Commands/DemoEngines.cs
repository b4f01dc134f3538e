using Samepage.Cli.Rendering;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Scenarios;
using Samepage.Scenarios.Trials;
using Samepage.Scenarios.Users;

namespace Samepage.Cli.Commands;

/// <summary>Which engines a demonstration shows, and why.</summary>
/// <param name="Kernel">Whether ksmd merges.</param>
/// <param name="User">The user engine's files where it merges; null where it does not.</param>
/// <param name="Reason">Why these, in one sentence without a full stop.</param>
internal sealed record DemoEngines(bool Kernel, UserEngineFiles? User, string Reason)
{
    /// <summary>Whether nobody asked for a certain engine.</summary>
    private bool IsFree { get; init; }

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
                false, files, "this kernel lets a process move its pages, and the user engine costs less than ksmd and shares within a domain only")
            {
                IsFree = true,
            },
            "best" => new DemoEngines(true, null, $"the user engine cannot run here; missing: {lack}"),
            _ => throw new CommandFailure(ExitCode.Usage, $"--engine wants best, kernel, user or both, not '{text}'"),
        };
    }

    /// <summary>
    /// Shows them, one after the other, each with programs of its own. Where the choice is free and no program suits
    /// the user engine, ksmd merges.
    /// </summary>
    /// <returns>What came of each, and why these engines.</returns>
    public (IReadOnlyList<DemonstrationResult> Results, string Reason) Run(
        ProcFs proc, KsmSysfs ksm, DemonstrationOptions options, StepDisplay display, CancellationToken cancel)
    {
        DemonstrationResult ByKernel() => new KernelDemonstration(proc, ksm, display.Step, display.Detail).Run(options, cancel);
        DemonstrationResult ByUser() => new UserDemonstration(proc, User!, display.Step, display.Detail).Run(options, cancel);
        try
        {
            var results = new List<DemonstrationResult>();
            if (Kernel)
            {
                results.Add(ByKernel());
            }

            if (User is not null)
            {
                results.Add(ByUser());
            }

            return (results, Reason);
        }
        catch (ScenarioException unsuitable) when (IsFree && User is not null)
        {
            display.Step($"the user engine finds no programs here: {unsuitable.Message}");
            return ([ByKernel()], $"the user engine finds no programs here: {unsuitable.Message}");
        }
    }

    private static UserEngineFiles Require(UserEngineFiles? files, string lack) =>
        files ?? throw new CommandFailure(ExitCode.Missing, $"the user engine cannot run here; missing: {lack}");
}
