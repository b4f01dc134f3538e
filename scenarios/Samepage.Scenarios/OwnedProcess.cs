using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Samepage.Scenarios;

/// <summary>
/// A program that cannot outlive this process, talked to line by line.
/// </summary>
/// <remarks>
/// <para>A shell stands between: the program is a grandchild, because a process cannot trace its own children while its
/// runtime waits for them, and demonstrations opt programs in by tracing. The shell does nothing but wait for it.</para>
/// <para>The kernel is asked to kill each of the two when its parent dies (PR_SET_PDEATHSIG, set by setpriv). Two traps
/// lie there. The signal follows the death of the parent's <i>thread</i>, so every shell is started from one thread that
/// lives as long as this process. And a parent that dies before the request is made would be missed, so the program is
/// first a shell that waits for a line which only this process, still living, can have sent. A session of its own keeps
/// the terminal's Ctrl-C from both: this process decides when they end.</para>
/// </remarks>
internal sealed class OwnedProcess : IDisposable
{
    private const int LastWordsMax = 6;

    /// <summary>Reads the starting line byte by byte, as a shell must, and becomes the program.</summary>
    private const string WaitThenBecome = "read -r line || exit 125; exec \"$0\" \"$@\"";

    /// <summary>The same, and on the way into a control group: memory is charged to the group that a process is in when it first writes.</summary>
    private const string WaitThenEnter = "read -r line || exit 125; echo $$ >\"$0\" || exit 126; exec \"$@\"";

    /// <summary>Starts what is to become the program, with the standard input that it would not get in the background.</summary>
    private const string Stand = """
        exec 3<&0
        become=$1
        shift
        "$0" --pdeathsig KILL /bin/sh -c "$become" "$@" <&3 3<&- &
        exec 3<&- </dev/null
        echo "samepage-pid $!"
        wait $!
        """;

    private static readonly TimeSpan s_startPatience = TimeSpan.FromSeconds(30);

    private static readonly Lazy<BlockingCollection<Action>> s_starter = new(StartStarter);

    /// <summary>The shell; it ends when the program has.</summary>
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

    /// <summary>The number of the program's process; the helpers in front of it become it by exec.</summary>
    public int Pid { get; private set; }

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Whether children can be tied to this process's life.</summary>
    public static bool CanBeOwned => Executable.Find("setpriv") is not null && Executable.Find("setsid") is not null;

    /// <summary>Starts a program with its standard streams connected to this object.</summary>
    /// <param name="name">What it is, for error messages.</param>
    /// <param name="program">The executable.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">What it finds in its environment beside ours.</param>
    /// <param name="group">The file by which it enters a control group (cgroup.procs); null for none.</param>
    /// <exception cref="ScenarioException">It cannot be started.</exception>
    public static OwnedProcess Start(
        string name, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string? group = null)
    {
        var start = new ProcessStartInfo(Executable.Require("setsid"))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        var setpriv = Executable.Require("setpriv");
        string[] become = group is null ? [WaitThenBecome] : [WaitThenEnter, group];
        string[] chain = [setpriv, "--pdeathsig", "KILL", "/bin/sh", "-c", Stand, setpriv, .. become];
        // Set last of all, so that a library to be preloaded comes into the program and into none of its helpers.
        IEnumerable<string> settings = environment.Count == 0
            ? []
            : [Executable.Require("env"), .. environment.Select(pair => $"{pair.Key}={pair.Value}")];
        foreach (var argument in chain.Concat(settings).Append(program).Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        var owned = new OwnedProcess(new Process { StartInfo = start }, name);
        OnStarterThread(owned.Begin);
        try
        {
            var pid = owned.Await("samepage-pid ", s_startPatience, CancellationToken.None);
            owned.Pid = int.Parse(pid, CultureInfo.InvariantCulture);
            owned.Send("go");
            return owned;
        }
        catch
        {
            owned.Dispose();
            throw;
        }
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

    /// <summary>Kills the program by its number and waits until it and the shell are gone.</summary>
    public void Dispose()
    {
        try
        {
            if (!_process.HasExited)
            {
                Kill();
                _process.WaitForExit();
            }
        }
        catch (InvalidOperationException)
        {
            // It was never started.
        }

        _process.Dispose();
    }

    /// <summary>The shell reaps the program, so as long as the shell lives, the number is the program's.</summary>
    private void Kill()
    {
        try
        {
            using var program = Pid > 0 ? Process.GetProcessById(Pid) : null;
            (program ?? _process).Kill();
        }
        catch (Exception ended) when (ended is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // It has just ended by itself.
        }
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
