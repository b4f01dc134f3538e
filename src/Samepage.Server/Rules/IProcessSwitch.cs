using Samepage.Targets;

namespace Samepage.Server.Rules;

/// <summary>What came of switching merging on or off for a process.</summary>
/// <param name="Pid">The process.</param>
/// <param name="IsDone">Whether it is as was wanted.</param>
/// <param name="WasAlready">It was so before, and nothing was done.</param>
/// <param name="Reason">Why, where there is something to say; a predicate whose subject is the process.</param>
public sealed record SwitchOutcome(int Pid, bool IsDone, bool WasAlready, string Reason);

/// <summary>Switches the kernel's merging on and off for running processes. Disposing of it ends what is under way after the process that it is at.</summary>
public interface IProcessSwitch : IDisposable
{
    /// <summary>Opts processes in.</summary>
    IReadOnlyList<SwitchOutcome> Enable(IReadOnlyList<TargetProcess> targets);

    /// <summary>Opts processes out and breaks their merged pages apart, in slices behind a check of memory.</summary>
    IReadOnlyList<SwitchOutcome> Disable(IReadOnlyList<TargetProcess> targets);
}
