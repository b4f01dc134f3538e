using System.Diagnostics;

namespace Samepage.Bench;

/// <summary>The C programs of a bench: compiled with gcc on first use, ended when disposed of.</summary>
internal sealed class NativeProgram : IDisposable
{
    private static readonly Dictionary<string, string> s_paths = [];
    private readonly Process _process;

    private NativeProgram(Process process) => _process = process;

    /// <summary>Compiles Native/NAME.c and gives the path of the executable.</summary>
    public static string Path(string name)
    {
        if (!s_paths.TryGetValue(name, out var path))
        {
            var source = System.IO.Path.Combine(AppContext.BaseDirectory, "Native", name + ".c");
            path = System.IO.Path.Combine(AppContext.BaseDirectory, "Native", name);
            using var gcc = Process.Start("gcc", ["-O2", "-Wall", "-o", path, source]);
            gcc.WaitForExit();
            s_paths[name] = gcc.ExitCode == 0 ? path : throw new InvalidOperationException($"gcc {name}.c failed");
        }

        return path;
    }

    /// <summary>Starts one and leaves it running.</summary>
    public static NativeProgram Start(string name, params string[] arguments) =>
        new(Process.Start(new ProcessStartInfo(Path(name), arguments) { RedirectStandardOutput = true })!);

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

    public string ReadLine() => _process.StandardOutput.ReadLine() ?? throw new EndOfStreamException();

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
