using System.CommandLine;
using Samepage.Linux;
using Samepage.Linux.Probes;
using Samepage.Linux.Sys;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage run -- CMD</c>: executes a program in this process's place, opted in with all its children.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var noStart = new Option<bool>("--no-start") { Description = "Leave ksmd as it is, also where it stands still" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be done, and do nothing" };
        var program = new Argument<string[]>("CMD") { Description = "The program and its arguments, after --", Arity = ArgumentArity.OneOrMore };
        var command = new Command("run", "Run a program whose pages the kernel may merge, and those of its children.") { noStart, dryRun, program };
        command.SetVerb((parsed, cancel) =>
        {
            var command = parsed.GetValue(program)!;
            var isDry = parsed.GetValue(dryRun);
            var ksm = Ksmd.Require();
            if (ProgramImage.Find(command[0], out var path) is not Errno.None and var obstacle)
            {
                throw Failure(command[0], obstacle);
            }

            if (!isDry)
            {
                Ksmd.PutBackLeftovers(ksm);
            }

            var mayStart = !parsed.GetValue(noStart);
            if (mayStart)
            {
                Ksmd.RequireStart(ksm);
            }

            OptIn();
            return isDry ? Announce(ksm, mayStart, path) : Execute(ksm, mayStart, command);
        });
        return command;
    }

    /// <summary>This process alone; a dry run may do that too, and learns whether it would hold.</summary>
    private static void OptIn()
    {
        MemoryMerge.OptIn();
        if (MergeProbe.IsKeptOverExec(SelfProcess.Command(DoctorCommand.ExitStatusArgument)) == false)
        {
            throw new CommandFailure(
                ExitCode.Missing, "this kernel forgets the opt-in when a program is executed; start the program, then use 'samepage enable'");
        }
    }

    private static int Announce(KsmSysfs ksm, bool mayStart, string path)
    {
        Console.WriteLine(ksm.IsRunning ? "ksmd runs already"
            : mayStart ? $"would start ksmd (write 1 to {ksm.Root}/run)"
            : "ksmd stands still and would be left so");
        Console.WriteLine($"would opt in and execute {path}");
        return ExitCode.Done;
    }

    /// <summary>Does not return where the program could be executed; else nothing stays changed.</summary>
    private static int Execute(KsmSysfs ksm, bool mayStart, string[] command)
    {
        var before = ksm.Number("run");
        var isStarted = mayStart && Ksmd.Start(ksm);
        Ksmd.ForgetConvergence();
        var obstacle = ProgramImage.Execute(command);
        if (isStarted && before is { } run)
        {
            ksm.Write("run", run);
            StandardError.Tell($"stopped ksmd again (wrote {run} to {ksm.Root}/run)");
        }

        throw Failure(command[0], obstacle);
    }

    private static CommandFailure Failure(string program, Errno obstacle) => obstacle switch
    {
        Errno.ENOENT or Errno.ENOTDIR => new CommandFailure(ExitCode.Usage, $"{program}: no such program"),
        Errno.EACCES or Errno.EPERM => new CommandFailure(ExitCode.NotPermitted, $"{program}: may not be executed (is it executable, and its file system not mounted noexec?)"),
        var other => new CommandFailure(ExitCode.Failed, $"{program}: {new LinuxException("execvp", other).Message}"),
    };
}
