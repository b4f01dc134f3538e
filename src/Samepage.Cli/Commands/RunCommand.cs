using System.CommandLine;
using Samepage.Linux;
using Samepage.Linux.Probes;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage run -- CMD</c>: executes a program in this process's place, opted in with all its children.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var noStart = new Option<bool>("--no-start") { Description = "Leave ksmd as it is, also where it stands still" };
        var program = new Argument<string[]>("CMD") { Description = "The program and its arguments, after --", Arity = ArgumentArity.OneOrMore };
        var command = new Command("run", "Run a program whose pages the kernel may merge, and those of its children.") { noStart, program };
        command.SetVerb((parsed, cancel) =>
        {
            var ksm = Ksmd.Require();
            Ksmd.PutBackLeftovers(ksm);
            var mayStart = !parsed.GetValue(noStart);
            if (mayStart)
            {
                Ksmd.RequireStart(ksm);
            }

            MemoryMerge.OptIn();
            if (MergeProbe.IsKeptOverExec(SelfProcess.Command(DoctorCommand.ExitStatusArgument)) == false)
            {
                throw new CommandFailure(
                    ExitCode.Missing, "this kernel forgets the opt-in when a program is executed; start the program, then use 'samepage enable'");
            }

            if (mayStart)
            {
                _ = Ksmd.Start(ksm);
            }

            Ksmd.ForgetConvergence();

            return Failed(parsed.GetValue(program)!);
        });
        return command;
    }

    /// <summary>Does not return where the program could be executed.</summary>
    private static int Failed(string[] command) => throw (ProgramImage.Execute(command) switch
    {
        Errno.ENOENT or Errno.ENOTDIR => new CommandFailure(ExitCode.Usage, $"{command[0]}: no such program"),
        Errno.EACCES or Errno.EPERM => new CommandFailure(ExitCode.NotPermitted, $"{command[0]}: may not be executed (is it executable, and its file system not mounted noexec?)"),
        var other => new CommandFailure(ExitCode.Failed, $"{command[0]}: {new LinuxException("execvp", other).Message}"),
    });
}
