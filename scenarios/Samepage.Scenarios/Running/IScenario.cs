using Samepage.Scenarios.FiftyTwo;
using Samepage.Scenarios.Ready;

namespace Samepage.Scenarios.Running;

/// <summary>
/// A story about merging that anyone can repeat: real programs are started, merged, checked and ended, and everything
/// that was changed is put back. <c>samepage scenario</c> lists and runs them; a new one goes into <see cref="ScenarioCatalog"/>.
/// </summary>
public interface IScenario
{
    /// <summary>What it is called on the command line.</summary>
    string Name { get; }

    /// <summary>What happens in it, in one line without a full stop.</summary>
    string Summary { get; }

    /// <summary>What it takes where the user names no numbers, and which of them it knows at all.</summary>
    ScenarioDefaults Defaults { get; }

    /// <summary>
    /// Checks, before anything is started or changed, what this machine lacks; empty where nothing does. Changes nothing.
    /// </summary>
    IReadOnlyList<ScenarioLack> FindLacks(ScenarioRequest request);

    /// <summary>
    /// Runs it to its end. Whatever it started is gone and whatever it changed is put back when it returns or throws; what
    /// a run that was killed has left, it clears up first.
    /// </summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="view">Told how it goes on, from several threads.</param>
    /// <param name="cancel">Calls it off.</param>
    /// <exception cref="ScenarioException">A program could not be started or did not answer.</exception>
    /// <exception cref="OperationCanceledException">It was called off; everything has been put back.</exception>
    /// <exception cref="Linux.LinuxException">The kernel refused something that it offered; everything has been put back.</exception>
    ScenarioResult Run(ScenarioRequest request, IScenarioView view, CancellationToken cancel);
}

/// <summary>Told how a scenario goes on. Thread-safe.</summary>
public interface IScenarioView
{
    /// <summary>A new step begins.</summary>
    /// <param name="what">In a few words, without a full stop.</param>
    void Step(string what);

    /// <summary>How things stand, about once a second.</summary>
    void Show(ScenarioMoment moment);
}

/// <summary>The scenarios that there are.</summary>
public static class ScenarioCatalog
{
    /// <summary>All, in the order in which they are listed.</summary>
    public static IReadOnlyList<IScenario> All { get; } =
        [new FiftyTwoScenario(), new WorkersScenario(), new ContainersScenario(), new BrowsersScenario(), new UnlikeScenario()];
}
