using System.CommandLine;
using Samepage.Linux;
using Samepage.Linux.Probes;
using Samepage.Linux.Sys;
using Samepage.Merging.User;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage run -- CMD</c>: executes a program in this process's place, opted in with all its children.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var engine = new Option<string>("--engine") { Description = "Who merges: the kernel, or Samepage itself (user)", HelpName = "kernel|user", DefaultValueFactory = _ => "kernel" };
        engine.AcceptOnlyFromAmong("kernel", "user");
        var noStart = new Option<bool>("--no-start") { Description = "Kernel engine: leave ksmd as it is, also where it stands still" };
        var domain = DomainOption.Create("User engine: merge only with the members of this domain (default: default)");
        var users = new Option<string[]>("--allow-user") { Description = "User engine: let processes of this user join too, where the domain begins here", HelpName = "NAME" };
        var allMemory = new Option<bool>("--all-memory") { Description = "User engine: also merge large memory that the program does not advise" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be done, and do nothing" };
        var program = new Argument<string[]>("CMD") { Description = "The program and its arguments, after --", Arity = ArgumentArity.OneOrMore };
        var command = new Command("run", "Run a program whose pages may be merged, and those of its children.")
        {
            engine, noStart, domain, users, allMemory, dryRun, program,
        };
        Manual.Add(
            command,
            "Kernel engine: opts in and executes the program in its own place; all children inherit it, and ksmd is started where it stands still and no daemon drives it. User engine: the program becomes a member of a domain and is merged with that domain's members only; what it offers by madvise(MADV_MERGEABLE) is merged, as QEMU does, and with --all-memory what it maps in large pieces. Once the program runs, the exit status is the program's.",
            "Exit status: 1 the program could not be executed; 2 there is no such program, or options that do not go together; 3 the kernel lacks what is needed; 4 the program may not be executed; 5 the user engine cannot serve such a program.");
        command.SetVerb((parsed, cancel) =>
        {
            var command = parsed.GetValue(program)!;
            if (ProgramImage.Find(command[0], out var path) is not Errno.None and var obstacle)
            {
                throw Failure(command[0], obstacle);
            }

            if (parsed.GetValue(engine) == "kernel")
            {
                RefuseForKernel(parsed, domain, users, allMemory);
                return RunWithKernel(command, path, parsed.GetValue(noStart), parsed.GetValue(dryRun));
            }

            var name = DomainOption.Value(parsed, domain) ?? DomainName.TryParse(DomainName.Default)!;
            var allowed = (parsed.GetValue(users) ?? []).Select(user => TargetOptions.UserNumber("--allow-user", user)).ToArray();
            return RunWithUser(new UserEngine(name, allowed, parsed.GetValue(allMemory)), command, path, parsed.GetValue(dryRun));
        });
        return command;
    }

    private static void RefuseForKernel(ParseResult parsed, params IEnumerable<Option> options)
    {
        if (options.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } misplaced)
        {
            throw new CommandFailure(ExitCode.Usage, $"{misplaced.Name} goes with --engine user");
        }
    }

    private static int RunWithUser(UserEngine engine, string[] command, string path, bool isDry)
    {
        UserEngine.Require(command[0], path);
        if (isDry)
        {
            engine.Announce(path);
            return ExitCode.Done;
        }

        throw Failure(command[0], engine.Execute(command));
    }

    private static int RunWithKernel(string[] command, string path, bool mustNotStart, bool isDry)
    {
        var ksm = Ksmd.Require();
        if (!isDry)
        {
            Ksmd.PutBackLeftovers(ksm);
        }

        if (!mustNotStart)
        {
            Ksmd.RequireStart(ksm);
        }

        OptIn();
        return isDry ? Announce(ksm, !mustNotStart, path) : Execute(ksm, !mustNotStart, command);
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
            : !mayStart ? "ksmd stands still and would be left so"
            : DaemonQuery.DriverInWords() is { } driver ? DaemonQuery.LeftTo(driver)
            : $"would start ksmd (write 1 to {ksm.Root}/run)");
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
