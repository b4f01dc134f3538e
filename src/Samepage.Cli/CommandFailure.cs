namespace Samepage.Cli;

/// <summary>Ends a verb with one line on standard error and a documented exit code.</summary>
internal sealed class CommandFailure(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
