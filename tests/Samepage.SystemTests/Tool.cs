using System.Diagnostics;

namespace Samepage.SystemTests;

/// <summary>Runs programs of this machine.</summary>
internal static class Tool
{
    /// <summary>Runs a program to its end, with nothing to read: exit status, what it printed, and what it complained of.</summary>
    public static (int Status, string Output, string Errors) Run(string executable, params IEnumerable<string> arguments) =>
        Run(executable, arguments, new Dictionary<string, string>());

    /// <summary>Runs a program to its end, with variables added to its environment.</summary>
    public static (int Status, string Output, string Errors) Run(
        string executable, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        using var process = Start(executable, arguments, environment);
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.GetAwaiter().GetResult());
    }

    /// <summary>Starts a program with nothing to read, and what it says in the test's hands.</summary>
    public static Process Start(string executable, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(executable, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    /// <summary>
    /// The same for a program that is to be ended by signals: whoever runs the tests may ignore them, as nohup does and a
    /// shell for what it starts in the background, and that is inherited.
    /// </summary>
    public static Process StartInterruptible(string executable, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        Start("env", ["--default-signal=HUP,INT", executable, .. arguments], environment);

    /// <summary>Sends a signal to one process.</summary>
    public static void Signal(int pid, string name)
    {
        var (status, _, errors) = Run("/bin/kill", $"-{name}", $"{pid}");
        Assert.True(status == 0, errors);
    }
}
