using System.Globalization;
using Samepage.Guarding;
using Samepage.Server.Loop;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>A running daemon, for people.</summary>
internal static class DaemonText
{
    /// <summary>Two lines: what the governor is about, and where the guard stands.</summary>
    public static void Write(IAnsiConsole console, DaemonStatus? daemon)
    {
        if (daemon is null)
        {
            return;
        }

        var dry = daemon.DryRun ? ", acts on nothing" : "";
        StatusText.Line(console, "daemon", string.Create(CultureInfo.InvariantCulture, $"process {daemon.Pid}{dry}; {daemon.Governor.Mode}: {daemon.Governor.Reason}"));
        var scopes = daemon.Guard.Scopes.Where(scope => scope.Level != GuardLevel.Calm).ToList();
        StatusText.Line(
            console, "guard", scopes.Count == 0 ? "calm" : string.Join("; ", scopes.Select(scope => $"{Readable.Name(scope.Name)}: {Words(scope.Level)}")), scopes.Count == 0 ? "default" : "red");
        if (daemon.Governor.SettingsLeftAlone is { Count: > 0 } alone)
        {
            StatusText.Line(console, "ksmd", $"{string.Join(", ", alone)} left alone, because somebody else insisted; a reload of the daemon takes {(alone.Count == 1 ? "it" : "them")} up again", "red");
        }

        if (daemon.Policy.RefusedReason is { } refused)
        {
            StatusText.Line(console, "policy", $"the one before is followed, because {Readable.Name(refused)}", "red");
        }
    }

    /// <summary>Decisions, the oldest first.</summary>
    public static void Write(IAnsiConsole console, DecisionList? list)
    {
        if (list is null)
        {
            return;
        }

        if (list.Rule is { } rule)
        {
            StatusText.Line(console, "rule", Readable.Name(rule));
        }

        console.WriteHeading(list.Decisions.Count == 0 ? "The daemon has decided nothing about it lately" : "What the daemon decided, the latest last");
        foreach (var decision in list.Decisions)
        {
            console.WriteParagraph($"{decision.At.ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture)}  {Readable.Name(decision.ToString())}", indent: 10);
        }
    }

    private static string Words(GuardLevel level) => level switch
    {
        GuardLevel.Hold => "nothing may grow",
        GuardLevel.Warn => "warned",
        GuardLevel.Provision => "swap is added",
        GuardLevel.PageOut => "pages are pushed out",
        _ => "no guest is admitted",
    };
}
