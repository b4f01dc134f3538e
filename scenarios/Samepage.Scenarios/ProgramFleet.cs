namespace Samepage.Scenarios;

/// <summary>The programs of one scenario: started, questioned and ended together.</summary>
/// <param name="programs">The programs; the fleet ends them.</param>
public sealed class ProgramFleet(IReadOnlyList<ScenarioProgram> programs) : IDisposable
{
    /// <summary>Emulated guests keep a processor busy while they boot.</summary>
    private const int AtATime = 2;

    /// <summary>The programs.</summary>
    public IReadOnlyList<ScenarioProgram> Programs { get; } = programs;

    /// <summary>Starts all, two at a time. Where one does not come up, all are ended.</summary>
    /// <param name="started">Told of each that is up, from several threads; may be null.</param>
    /// <param name="cancel">Calls the start off.</param>
    /// <exception cref="ScenarioException">One did not come up.</exception>
    /// <exception cref="OperationCanceledException">It was called off.</exception>
    public void Start(Action<ScenarioProgram>? started, CancellationToken cancel)
    {
        try
        {
            ForEach(program =>
            {
                if (!program.IsRunning)
                {
                    program.Start(cancel);
                }

                started?.Invoke(program);
            }, cancel);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Has all programs check their content.</summary>
    /// <returns>One answer for each, in their order; null where a program has ended or does not answer.</returns>
    public IReadOnlyList<ContentCheck?> Verify(CancellationToken cancel)
    {
        var answers = new ContentCheck?[Programs.Count];
        var index = Programs.Select((program, at) => (program, at)).ToDictionary(pair => pair.program, pair => pair.at);
        ForEach(program =>
        {
            try
            {
                answers[index[program]] = program.Verify(cancel);
            }
            catch (ScenarioException)
            {
                // A program that is gone is the finding, not a failure of the question.
            }
        }, cancel);
        return answers;
    }

    /// <summary>Ends all programs.</summary>
    public void Dispose()
    {
        foreach (var program in Programs)
        {
            program.Dispose();
        }
    }

    private void ForEach(Action<ScenarioProgram> action, CancellationToken cancel)
    {
        try
        {
            Parallel.ForEach(
                Programs, new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancel }, action);
        }
        catch (AggregateException several)
        {
            // The first says enough; a cancellation among them explains the others.
            throw several.InnerExceptions.FirstOrDefault(error => error is OperationCanceledException)
                ?? several.InnerExceptions[0];
        }
    }
}
