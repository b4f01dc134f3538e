using System.Diagnostics;

namespace Samepage.Bench;

/// <summary>The C programs of a bench: compiled with gcc on first use, ended when disposed of.</summary>
internal sealed class NativeProgram : IDisposable
{
    private static readonly Dictionary<string, string> s_paths = [];
    private readonly Process _process;

    private NativeProgram(Process process) => _process = process;

    /// <summary>Compiles Native/NAME.c and gives the path of the executable.</summary>
    /// <param name="name">Which program.</param>
    /// <param name="flags">More arguments for the compiler, behind the source.</param>
    public static string Path(string name, params string[] flags)
    {
        if (!s_paths.TryGetValue(name, out var path))
        {
            var source = System.IO.Path.Combine(AppContext.BaseDirectory, "Native", name + ".c");
            path = System.IO.Path.Combine(AppContext.BaseDirectory, "Native", name);
            using var gcc = Process.Start("gcc", ["-O2", "-Wall", "-pthread", "-o", path, source, .. flags]);
            gcc.WaitForExit();
            s_paths[name] = gcc.ExitCode == 0 ? path : throw new InvalidOperationException($"gcc {name}.c failed");
        }

        return path;
    }

    /// <summary>Starts one and leaves it running.</summary>
    public static NativeProgram Start(string name, params string[] arguments) => StartIn(NoEnvironment, name, arguments);

    /// <summary>Starts one with more in its environment and leaves it running.</summary>
    public static NativeProgram StartIn(
        IReadOnlyDictionary<string, string> environment, string name, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path(name), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        return new NativeProgram(Process.Start(start)!);
    }

    /// <summary>Nothing more than what this process has.</summary>
    public static IReadOnlyDictionary<string, string> NoEnvironment { get; } = new Dictionary<string, string>();

    /// <summary>Its process number.</summary>
    public int Pid => _process.Id;

    /// <summary>Runs any program to its end and says what it cost as a whole process.</summary>
    public static Cost Cost(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path("cputime"), [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var lines = errors.GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return process.ExitCode == 0
            ? Bench.Cost.Parse(lines.Last(line => line.StartsWith("cputime ", StringComparison.Ordinal)), output)
            : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {string.Join(' ', lines)}");
    }

    /// <summary>Sends an order and gives the line that answers it.</summary>
    public string Ask(string order)
    {
        _process.StandardInput.Write(order + "\n");
        _process.StandardInput.Flush();
        return ReadLine();
    }

    public string ReadLine() => _process.StandardOutput.ReadLine() ?? throw new EndOfStreamException();

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
