using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>
/// What a long verb is doing, on standard error: on a terminal finished steps as lines and the present one with a
/// spinner, else one plain line for each step. Thread-safe.
/// </summary>
internal sealed class StepDisplay
{
    private readonly Lock _gate = new();
    private readonly IAnsiConsole? _terminal;
    private readonly StatusContext? _status;
    private string _present = "";

    private StepDisplay(IAnsiConsole? terminal, StatusContext? status) => (_terminal, _status) = (terminal, status);

    /// <summary>Runs the work while showing what it does.</summary>
    public static T Show<T>(Func<StepDisplay, T> work)
    {
        if (Console.IsErrorRedirected)
        {
            return work(new StepDisplay(null, null));
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Status().Spinner(Spinner.Known.Dots).Start("starting", status => work(new StepDisplay(console, status)));
    }

    /// <summary>A new step begins.</summary>
    public void Step(string what)
    {
        lock (_gate)
        {
            _present = what;
            if (_terminal is null)
            {
                Console.Error.WriteLine($"samepage: {what}");
                return;
            }

            // Through the console that draws the spinner, which moves out of the way.
            _terminal.WriteText(what, "dim");
            Spin(what);
        }
    }

    /// <summary>The present step goes on; only a terminal shows it.</summary>
    public void Detail(string how)
    {
        lock (_gate)
        {
            Spin($"{_present}: {how}");
        }
    }

    private void Spin(string text)
    {
        if (_status is not null)
        {
            _status.Status = Markup.Escape(text);
        }
    }
}
