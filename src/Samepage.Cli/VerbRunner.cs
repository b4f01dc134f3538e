using System.CommandLine;
using Samepage.Linux;
using Samepage.Targets;

namespace Samepage.Cli;

/// <summary>Turns what a verb throws into the one-line error and the exit code of the contract.</summary>
internal static class VerbRunner
{
    /// <summary>Sets a verb's action. The token is cancelled by Ctrl-C and SIGTERM.</summary>
    public static void SetVerb(this Command command, Func<ParseResult, CancellationToken, int> verb) =>
        command.SetAction((parsed, cancel) => Task.FromResult(Run(() => verb(parsed, cancel))));

    private static int Run(Func<int> verb)
    {
        try
        {
            return verb();
        }
        catch (CommandFailure failure)
        {
            return Fail(failure.ExitCode, failure.Message);
        }
        catch (TargetException gone)
        {
            return Fail(ExitCode.TargetUnsuitable, gone.Message);
        }
        catch (LinuxException refused) when (refused.IsPermission)
        {
            return Fail(ExitCode.NotPermitted, $"{refused.Message}; run as root, or give it CAP_SYS_PTRACE and CAP_SYS_ADMIN");
        }
        catch (LinuxException gone) when (gone.Errno == Errno.ESRCH)
        {
            return Fail(ExitCode.TargetUnsuitable, gone.Message);
        }
        catch (Exception error) when (error is LinuxException or IOException or UnauthorizedAccessException)
        {
            return Fail(ExitCode.Failed, error.Message);
        }
    }

    private static int Fail(int code, string message)
    {
        Console.Error.WriteLine($"samepage: {message.ReplaceLineEndings(" ")}");
        return code;
    }
}
