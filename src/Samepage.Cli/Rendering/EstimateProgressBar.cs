using Samepage.Estimating;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>A progress bar on standard error while an estimate is made; it is wiped away at the end.</summary>
internal static class EstimateProgressBar
{
    /// <summary>Runs the work, with a bar where standard error is a terminal.</summary>
    public static Estimate Show(Func<IProgress<EstimateProgress>?, Estimate> work)
    {
        if (Console.IsErrorRedirected)
        {
            return work(null);
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(bar => work(new Bar(bar.AddTask("Starting"))));
    }

    /// <summary>Moves the bar; each phase fills it anew.</summary>
    private sealed class Bar(ProgressTask task) : IProgress<EstimateProgress>
    {
        public void Report(EstimateProgress value)
        {
            var (phase, done, total, savable) = value;
            task.IsIndeterminate = total <= 0;
            task.MaxValue = Math.Max(1, Math.Max(total, done));
            task.Value = done;
            task.Description = phase switch
            {
                EstimatePhase.Mapping => "Reading mappings",
                EstimatePhase.FirstLook => "First look",
                EstimatePhase.Waiting => "Waiting for the second look",
                EstimatePhase.Verifying => "Comparing byte by byte",
                _ => $"Reading, {Readable.Size(savable * 4096)} savable so far",
            };
        }
    }
}
