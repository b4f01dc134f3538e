using System.CommandLine;
using System.Runtime.InteropServices;
using Samepage.Linux;
using Samepage.Targets;

namespace Samepage.Cli;

/// <summary>Turns what a verb throws into the one-line error and the exit code of the contract.</summary>
internal static class VerbRunner
{
    /// <summary>Sets a verb's action. The token is cancelled by Ctrl-C and SIGTERM; a second one ends the process.</summary>
    public static void SetVerb(this Command command, Func<ParseResult, CancellationToken, int> verb) =>
        command.SetAction(parsed => RunUntilSignal(cancel => Run(() => verb(parsed, cancel))));

    /// <summary>
    /// The command line library would hand out a token only once the verb had returned to it, and verbs run to their
    /// end: so the signals are taken here.
    /// </summary>
    private static int RunUntilSignal(Func<CancellationToken, int> verb)
    {
        // Not disposed: a signal that comes while the verb returns may still find its way here.
        var source = new CancellationTokenSource();
        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = !source.IsCancellationRequested;
            source.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        return verb(source.Token);
    }

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
            return Fail(ExitCode.NotPermitted, $"{refused.Message}; run as root, or with CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH and CAP_SYS_ADMIN");
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

    /// <summary>One line on standard error, and the exit code.</summary>
    public static int Fail(int code, string message)
    {
        StandardError.Tell(message);
        return code;
    }
}
