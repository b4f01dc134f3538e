using System.CommandLine;
using Samepage.Cli.Rendering;
using Samepage.Guarding;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Merging.User;
using Samepage.Merging.User.Keeping;
using Samepage.Planning;
using Samepage.Server.Loop;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage admit</c>: may one more guest come to this host now?</summary>
internal static class AdmitCommand
{
    private static readonly Option<string> s_size = new("--size") { Description = "The memory that the guest is given: 512M, 1G, 1.5G", HelpName = "SIZE", Required = true };
    private static readonly Option<string?> s_group = new("--cgroup") { Description = "The control group that it will run in: its limits, and those above, count too", HelpName = "PATH" };
    private static readonly Option<string?> s_config = PolicyOption.Create();
    private static readonly Option<bool> s_json = new("--json") { Description = "Write JSON instead of text" };

    public static Command Create()
    {
        var command = new Command("admit", "Say whether one more guest fits on this host now: yes (exit 0) or no (exit 6).");
        command.Options.Add(s_size);
        var guest = new GuestOptions().AddTo(command);
        foreach (var option in new Option[] { s_group, s_config, s_json })
        {
            command.Options.Add(option);
        }

        Manual.Add(
            command,
            "The guest must fit before anything of it is merged: its whole memory, page tables and metadata against available memory plus free swap, less a reserve. And with it, once it has filled its memory and is merged, coverage (headroom divided by exposure) may not be below the policy's floor ([guard] coverage_floor, or that of its control group). The same is asked of each control group with a limit. Where a daemon runs and its guard admits nobody at the moment, the answer is no as well. Nothing is reserved: two guests that ask at the same time may both be told yes.",
            "Exit status: 0 yes; 2 a size, a file or the policy will not do; 4 not permitted to look at a process of --like; 5 such a process or the control group is not there; 6 no.");
        command.SetVerb((parsed, cancel) => Run(parsed, guest, cancel));
        return command;
    }

    private static int Run(ParseResult parsed, GuestOptions guestOptions, CancellationToken cancel)
    {
        var size = SizeText.Parse("--size", parsed.GetValue(s_size)!);
        var guard = PolicyOption.Load(parsed, s_config).Guard;
        var group = parsed.GetValue(s_group) is { } path ? ControlGroup.Find(path) : null;
        var kind = guestOptions.Read(parsed, size, cancel);
        var proc = new ProcFs();
        var silent = 0;
        var domains = DomainQuery.AskAll(null, (label, why) =>
        {
            silent++;
            DomainOption.TellSilent(label, why);
        });
        var host = HostCoverage.Read(proc, new KsmSysfs(), domains);
        IReadOnlyList<ControlGroupCoverage> groups = group is null ? [] : ControlGroupCoverage.ReadLevels(proc, group, host.Headroom.SwapFreeBytes, domains);
        var admission = new Admission(kind.Demand, [
            new AdmissionScope("host", host.Coverage, guard.Host.Floor, kind.Demand),
            .. groups.Select(level => new AdmissionScope(level.Headroom.Group, level.Coverage, guard.FloorsOf(level.Headroom.Group).Floor, kind.Demand))]);
        var assumptions = Assumptions(kind, groups, domains, silent, group).ToList();
        var daemon = DaemonQuery.Find(out var isSilent);
        var refusal = daemon is { DryRun: false } ? Refusal(daemon.Guard, groups) : null;
        if (isSilent)
        {
            assumptions.Add("a daemon may run here, and gave no answer (does it talk to this user? run as root): whether its guard admits anybody is not known");
        }

        if (parsed.GetValue(s_json))
        {
            Console.Out.Write(AdmissionJson.From(admission, host, kind, refusal, assumptions).ToText());
        }
        else
        {
            AdmissionText.Write(ConsoleText.StandardOutput(), admission, host, refusal, assumptions);
        }

        return admission.IsAdmitted && refusal is null ? ExitCode.Done : ExitCode.RefusedByGuard;
    }

    /// <summary>What a daemon's guard has against any guest: of the host, or of a group that it would run in.</summary>
    private static string? Refusal(GuardPart guard, IReadOnlyList<ControlGroupCoverage> groups) =>
        guard.AdmissionRefused ? guard.Scopes[0].Figures
        : guard.Scopes.FirstOrDefault(scope => scope.Level == GuardLevel.Refuse && groups.Any(level => level.Headroom.Group == scope.Name)) is { } tight ? $"{tight.Name}: {tight.Figures}"
        : null;

    private static IEnumerable<string> Assumptions(
        GuestKind kind, IReadOnlyList<ControlGroupCoverage> groups, IReadOnlyList<DomainReport> domains, int silent, ControlGroup? group)
    {
        foreach (var assumption in GuestWords.Assumptions(kind))
        {
            yield return assumption;
        }

        yield return kind.Source == ProfileSource.None
            ? "what runs already stays as large as it is now"
            : "the guest fills all of its memory in the end, and what runs already stays as large as it is now";
        yield return silent == 0
            ? $"the exposure is ksmd's and that of {Readable.Count(domains.Count, "domain", "domains")} of the user engine that can be seen from here"
            : $"the exposure of {Readable.Count(silent, "domain", "domains")} of the user engine is not known and not counted";
        if (group is not null && groups.Count == 0)
        {
            yield return $"control group {group.Path} has no limit of memory, nor has any above it, so only the host counts";
        }

        if (groups.Sum(level => level.UnreadableProcesses) is > 0 and var unreadable)
        {
            yield return $"{Readable.Count(unreadable, "process of the control group", "processes of the control group")} may not be looked at (run as root), and count as not merged";
        }
    }
}
