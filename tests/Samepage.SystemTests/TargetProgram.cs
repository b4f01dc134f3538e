using System.Diagnostics;
using System.Globalization;

namespace Samepage.SystemTests;

/// <summary>
/// A small C program that a test looks at or works on. Its source lies in Targets/, is compiled with gcc the first
/// time it is asked for, and talks in lines. It is a grandchild of the test (Targets/launch.c says why). Start it from
/// the thread that runs the test: it ends when that thread ends, at the latest.
/// </summary>
public sealed class TargetProgram : IDisposable
{
    private static readonly Dictionary<string, string> s_compiled = [];
    private readonly Process _process;

    private TargetProgram(Process launcher)
    {
        _process = launcher;
        Pid = int.Parse(Expect("pid"), CultureInfo.InvariantCulture);
    }

    static TargetProgram() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(OutputDirectory, recursive: true);

    /// <summary>Where executables are put for the time of the run; every user may read it.</summary>
    public static string OutputDirectory { get; } = Directory.CreateDirectory(
        Path.Combine(Path.GetTempPath(), $"samepage-targets-{Environment.ProcessId}")).FullName;

    /// <summary>The process number of the program that was started.</summary>
    public int Pid { get; }

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The exit status of a program that ended; a signal shows as 128 plus its number.</summary>
    public int ExitStatus => _process.ExitCode;

    /// <summary>Compiles Targets/NAME.c once and gives the path of the executable.</summary>
    /// <param name="name">The source's name without ".c".</param>
    /// <param name="flags">Further arguments for gcc, for example "-m32".</param>
    public static string Compile(string name, string flags = "")
    {
        lock (s_compiled)
        {
            if (s_compiled.TryGetValue(name + flags, out var known))
            {
                return known;
            }

            var source = Path.Combine(AppContext.BaseDirectory, "Targets", name + ".c");
            var directory = Directory.CreateDirectory(Path.Combine(OutputDirectory, s_compiled.Count.ToString(CultureInfo.InvariantCulture)));
            var executable = Path.Combine(directory.FullName, name);
            var (status, _, errors) = Tool.Run("gcc", ["-O1", "-pthread", "-Wall", "-Werror", "-o", executable, .. Words(flags), source]);
            Assert.True(status == 0, $"gcc {name}.c: {errors}");
            return s_compiled[name + flags] = executable;
        }
    }

    /// <summary>Compiles Targets/NAME.c if need be and starts it.</summary>
    public static TargetProgram Start(string name, params IEnumerable<string> arguments) =>
        Launch(Compile(name), arguments);

    /// <summary>Starts any program with its input and output in the test's hands.</summary>
    public static TargetProgram Launch(string executable, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Compile("launch"), [executable, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return new TargetProgram(Process.Start(start)!);
    }

    /// <summary>The next line that the program prints; fails the test after the time given (10 s if none is).</summary>
    public string ReadLine(TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? TimeSpan.FromSeconds(10));
        try
        {
            return _process.StandardOutput.ReadLineAsync(limit.Token).AsTask().GetAwaiter().GetResult()
                ?? throw new EndOfStreamException($"process {Pid} closed its output");
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"process {Pid} printed no line in time");
        }
    }

    /// <summary>Reads one line that must begin with a word, and gives what stands behind it.</summary>
    public string Expect(string word, TimeSpan? patience = null)
    {
        var line = ReadLine(patience);
        Assert.StartsWith(word, line, StringComparison.Ordinal);
        return line[word.Length..].Trim();
    }

    /// <summary>Sends the program a line.</summary>
    public void WriteLine(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>Waits for its end; fails the test after the time given (10 s if none is).</summary>
    public int WaitForExit(TimeSpan? patience = null)
    {
        Assert.True(_process.WaitForExit(patience ?? TimeSpan.FromSeconds(10)), $"process {Pid} did not end");
        return _process.ExitCode;
    }

    /// <summary>Kills the program, and only it, and waits for its end.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            // The launcher reaps it: as long as the launcher lives, the number is the program's.
            _ = Tool.Run("/bin/kill", "-KILL", $"{Pid}");
            _process.WaitForExit();
        }
    }

    /// <summary>Ends the program, and only it.</summary>
    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
