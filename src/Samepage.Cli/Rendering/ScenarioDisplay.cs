using System.Diagnostics;
using Samepage.Scenarios.Running;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>
/// How a scenario goes on, on standard error: on a terminal finished steps as lines above a table that changes in place,
/// else plain lines, one for each step and one for each new program or ten seconds. Thread-safe.
/// </summary>
internal sealed class ScenarioDisplay : IScenarioView
{
    private static readonly TimeSpan s_plainEvery = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly IAnsiConsole? _terminal;
    private readonly LiveDisplayContext? _live;
    private string _step = "starting";
    private ScenarioMoment? _told;
    private long _toldAt;

    private ScenarioDisplay(IAnsiConsole? terminal, LiveDisplayContext? live) => (_terminal, _live) = (terminal, live);

    /// <summary>Runs the work while showing how it goes on.</summary>
    public static T Show<T>(Func<IScenarioView, T> work)
    {
        if (Console.IsErrorRedirected)
        {
            return work(new ScenarioDisplay(null, null));
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Live(new Text("starting")).AutoClear(true).Start(live => work(new ScenarioDisplay(console, live)));
    }

    /// <inheritdoc/>
    public void Step(string what)
    {
        lock (_gate)
        {
            _step = what;
            if (_terminal is null)
            {
                Console.Error.WriteLine($"samepage: {what}");
            }
            else
            {
                _terminal.WriteText(what, "dim");
            }
        }
    }

    /// <inheritdoc/>
    public void Show(ScenarioMoment moment)
    {
        lock (_gate)
        {
            if (_live is not null)
            {
                _live.UpdateTarget(Table(moment));
            }
            else if (_told?.ProgramsUp != moment.ProgramsUp || Stopwatch.GetElapsedTime(_toldAt) > s_plainEvery)
            {
                (_told, _toldAt) = (moment, Stopwatch.GetTimestamp());
                Console.Error.WriteLine($"samepage: {Readable.Seconds(moment.Seconds),7}  {string.Join(", ", Figures(moment).Select(pair => $"{pair.Value} {pair.Name}"))}");
            }
        }
    }

    private static IEnumerable<(string Name, string Value)> Figures(ScenarioMoment moment)
    {
        yield return ("up", Readable.Count(moment.ProgramsUp));
        yield return ("given", Readable.Size(moment.ProgramBytes));
        yield return ("used", Readable.Size(moment.UsedBytes));
        yield return ("in swap", Readable.Size(moment.SwapBytes));
        yield return ("saved", Readable.Size(moment.SavedBytes));
        yield return ("coverage", Coverage(moment.Coverage));
        yield return ("of merging's CPU time", Readable.Seconds(moment.EngineCpuSeconds));
    }

    private static string Coverage(double? ratio) => ratio is { } value ? FormattableString.Invariant($"{value:0.00}") : "-";

    private Table Table(ScenarioMoment moment)
    {
        var table = new Table().Border(TableBorder.Rounded).Title(new TableTitle(Markup.Escape($"{_step} ({Readable.Seconds(moment.Seconds)})")));
        foreach (var (name, _) in Figures(moment))
        {
            table.AddColumn(new TableColumn(name).RightAligned());
        }

        return table.AddRow([.. Figures(moment).Select(pair => Markup.Escape(pair.Value))]);
    }
}
