using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;

namespace Samepage.Scenarios;

/// <summary>
/// A child process that cannot outlive this one, talked to line by line.
/// </summary>
/// <remarks>
/// The kernel is asked to kill the child when its parent dies (PR_SET_PDEATHSIG, set by setpriv). Two traps lie there.
/// The signal follows the death of the parent's <i>thread</i>, so every child is started from one thread that lives as
/// long as the process. And a parent that dies before the request is made would be missed, so the child first waits for
/// a line that only a living parent can have sent. A session of its own keeps the terminal's Ctrl-C from the child: its
/// parent decides when it ends.
/// </remarks>
internal sealed class OwnedProcess : IDisposable
{
    private const int LastWordsMax = 6;

    /// <summary>Reads the starting line byte by byte, as a shell must, and becomes the program.</summary>
    private const string WaitThenBecome = "read -r line || exit 125; exec \"$0\" \"$@\"";

    private static readonly Lazy<BlockingCollection<Action>> s_starter = new(StartStarter);

    private readonly Process _process;
    private readonly string _name;

    /// <summary>Lines of standard output not asked for yet; complete when the program closed it.</summary>
    private readonly BlockingCollection<string> _lines = [];

    /// <summary>The last lines it said on either stream, for error messages. Locked by itself.</summary>
    private readonly Queue<string> _lastWords = new();

    private OwnedProcess(Process process, string name)
    {
        _process = process;
        _name = name;
    }

    /// <summary>The number of the process; the helpers in front of it become it by exec.</summary>
    public int Pid => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Whether children can be tied to this process's life.</summary>
    public static bool CanBeOwned => Executable.Find("setpriv") is not null && Executable.Find("setsid") is not null;

    /// <summary>Starts a program with its standard streams connected to this object.</summary>
    /// <exception cref="ScenarioException">It cannot be started.</exception>
    public static OwnedProcess Start(
        string name, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(Executable.Require("setsid"))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        string[] chain = [Executable.Require("setpriv"), "--pdeathsig", "KILL", "/bin/sh", "-c", WaitThenBecome, program];
        foreach (var argument in chain.Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        var owned = new OwnedProcess(new Process { StartInfo = start }, name);
        OnStarterThread(owned.Begin);
        return owned;
    }

    /// <summary>Sends one line.</summary>
    /// <exception cref="ScenarioException">The program has closed its end.</exception>
    public void Send(string line)
    {
        try
        {
            _process.StandardInput.Write(line + "\n");
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            throw Failure("has ended");
        }
    }

    /// <summary>Waits for a line that holds a text and returns what follows it; other lines are passed over.</summary>
    /// <exception cref="ScenarioException">The program ended, or nothing came in time.</exception>
    public string Await(string text, TimeSpan patience, CancellationToken cancel)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var left = Math.Max(0, (int)(patience - waited.Elapsed).TotalMilliseconds);
            if (!_lines.TryTake(out var line, left, cancel))
            {
                throw Failure(_lines.IsCompleted ? "has ended" : $"said nothing for {patience.TotalSeconds:0} s");
            }

            // Firmware and consoles may write control codes in front, without a line end.
            var at = line.IndexOf(text, StringComparison.Ordinal);
            if (at >= 0)
            {
                return line[(at + text.Length)..].Trim();
            }
        }
    }

    /// <summary>Kills the process by its number and waits until the kernel has let it go.</summary>
    public void Dispose()
    {
        try
        {
            _process.Kill();
            _process.WaitForExit();
        }
        catch (Exception ended) when (ended is InvalidOperationException or Win32Exception)
        {
            // It ended by itself, or was never started.
        }

        _process.Dispose();
    }

    private static BlockingCollection<Action> StartStarter()
    {
        var work = new BlockingCollection<Action>();
        new Thread(() =>
        {
            foreach (var action in work.GetConsumingEnumerable())
            {
                action();
            }
        })
        { IsBackground = true, Name = "process starter" }.Start();
        return work;
    }

    private static void OnStarterThread(Action action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        s_starter.Value.Add(() =>
        {
            try
            {
                action();
                done.SetResult();
            }
            catch (Exception error) when (error is Win32Exception or IOException or ScenarioException)
            {
                done.SetException(error);
            }
        });
        done.Task.GetAwaiter().GetResult();
    }

    private void Begin()
    {
        _process.OutputDataReceived += (_, said) => Hear(said.Data, isOutput: true);
        _process.ErrorDataReceived += (_, said) => Hear(said.Data, isOutput: false);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Send("go");
    }

    private void Hear(string? line, bool isOutput)
    {
        if (line is null)
        {
            if (isOutput)
            {
                _lines.CompleteAdding();
            }

            return;
        }

        lock (_lastWords)
        {
            _lastWords.Enqueue(line.Trim());
            if (_lastWords.Count > LastWordsMax)
            {
                _lastWords.Dequeue();
            }
        }

        if (isOutput)
        {
            _lines.Add(line);
        }
    }

    private ScenarioException Failure(string what)
    {
        lock (_lastWords)
        {
            var words = string.Join(" / ", _lastWords.Where(word => word.Length > 0));
            var printable = string.Concat(words.Where(character => !char.IsControl(character)));
            return new ScenarioException($"{_name} {what}" + (printable.Length > 0 ? $"; its last words: {printable}" : ""));
        }
    }
}
