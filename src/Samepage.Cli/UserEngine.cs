using System.Diagnostics;
using System.Globalization;
using Samepage.Linux;
using Samepage.Linux.Probes;
using Samepage.Linux.Proc;
using Samepage.Merging.User;

namespace Samepage.Cli;

/// <summary>Starts a program as a member of a domain of the user engine.</summary>
/// <param name="domain">The domain.</param>
/// <param name="allowedUsers">Numbers of other users whose processes may join, should the keeper be started here.</param>
/// <param name="isAllMemory">Whether memory is merged that the program does not advise.</param>
internal sealed class UserEngine(DomainName domain, IReadOnlyList<uint> allowedUsers, bool isAllMemory)
{
    private const string PreloadName = "libsamepage-preload.so";
    private static readonly string[] s_libraries = [PreloadName, "libsamepage.so.1", "libsamepage-engine.so"];

    /// <summary>The directory of the executable, where the libraries lie.</summary>
    private static string Directory { get; } = Path.GetDirectoryName(Environment.ProcessPath)!;

    private static string Preload => Path.Combine(Directory, PreloadName);

    /// <summary>Refuses what cannot work, before anything is done.</summary>
    public static void Require(string name, string path)
    {
        if (s_libraries.FirstOrDefault(library => !File.Exists(Path.Combine(Directory, library))) is { } missing)
        {
            throw new CommandFailure(
                ExitCode.Missing, $"the user engine was not built: {missing} is not beside {Environment.ProcessPath}; a native build needs gcc and zlib1g-dev (./samepage builds again then)");
        }

        if (Directory.AsSpan().IndexOfAny(' ', ':') >= 0)
        {
            throw new CommandFailure(ExitCode.Missing, $"the libraries lie in '{Directory}', and a path with a blank or colon cannot be preloaded; install Samepage elsewhere");
        }

        RequireMove();
        if (Objection(ProgramFile.KindOf(path)) is { } objection)
        {
            throw new CommandFailure(ExitCode.TargetUnsuitable, $"{name}: {objection}; try --engine kernel");
        }
    }

    /// <summary>Says what <see cref="Execute"/> would do.</summary>
    public void Announce(string path)
    {
        Console.WriteLine($"would start the keeper of domain {domain} unless one runs");
        foreach (var (variable, value) in Variables())
        {
            Console.WriteLine($"would set {variable}={value}");
        }

        Console.WriteLine($"would execute {path}");
    }

    /// <summary>Does not return where the program could be executed.</summary>
    /// <returns>Why it could not be.</returns>
    public Errno Execute(string[] command)
    {
        StartKeeper();
        foreach (var (variable, value) in Variables())
        {
            ProgramImage.SetVariable(variable, value);
        }

        return ProgramImage.Execute(command);
    }

    private static string? Objection(ProgramFileKind kind) => kind switch
    {
        ProgramFileKind.Static => "linked statically, so that no library can be preloaded",
        ProgramFileKind.Foreign => "no program for x86-64",
        ProgramFileKind.OtherLibrary => "not linked with the C library of GNU, for which the preloaded library is made",
        ProgramFileKind.Privileged => "runs as another user (setuid), and the loader preloads nothing into such programs",
        _ => null,
    };

    /// <summary>An unprivileged program gets its userfaultfd from a keeper that may open the device.</summary>
    private static void RequireMove()
    {
        var bySystemCall = UserfaultProbe.BySystemCall();
        var offer = bySystemCall.Error == Errno.None ? bySystemCall : UserfaultProbe.ByDevice();
        if (offer.Error == Errno.None && !offer.CanMove)
        {
            throw new CommandFailure(ExitCode.Missing, "this kernel has no UFFDIO_MOVE; the user engine needs 6.8 or later");
        }

        if (offer.Error is Errno.ENOSYS)
        {
            throw new CommandFailure(ExitCode.Missing, "this kernel was built without userfaultfd (CONFIG_USERFAULTFD)");
        }
    }

    private IEnumerable<(string Name, string Value)> Variables()
    {
        var before = Environment.GetEnvironmentVariable("LD_PRELOAD");
        yield return ("LD_PRELOAD", string.IsNullOrEmpty(before) ? Preload : $"{Preload}:{before}");
        yield return ("SAMEPAGE_DOMAIN", domain.Text);
        yield return ("SAMEPAGE_KEEPER", Environment.ProcessPath!);
        if (isAllMemory)
        {
            yield return ("SAMEPAGE_ADVISE", "all");
        }
    }

    /// <summary>
    /// By way of a shell that ends at once: a keeper that were our child would be the program's child after execution,
    /// and its end would reach a program that never started it. Where it cannot start, the members try again and say why.
    /// </summary>
    private void StartKeeper()
    {
        string[] arguments = ["keeper", "--domain", domain.Text, "--detach"];
        var users = allowedUsers.SelectMany(user => new[] { "--allow-user", user.ToString(CultureInfo.InvariantCulture) });
        var start = new ProcessStartInfo(
            "/bin/sh", ["-c", "\"$@\" </dev/null >/dev/null 2>&1 &", "sh", Environment.ProcessPath!, .. arguments, .. users]);
        foreach (var inherited in new[] { "LD_PRELOAD", "SAMEPAGE_DOMAIN", "SAMEPAGE_KEEPER", "SAMEPAGE_ADVISE" })
        {
            start.Environment.Remove(inherited);
        }

        using var shell = Process.Start(start)!;
        shell.WaitForExit();
    }
}
