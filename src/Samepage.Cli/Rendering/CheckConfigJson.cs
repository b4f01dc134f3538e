using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Cli.Commands;
using Samepage.Guarding.Swapping;
using Samepage.Policies;

namespace Samepage.Cli.Rendering;

/// <summary>A policy and who falls under its rules, as <c>samepage.check-config/1</c>.</summary>
internal sealed record CheckConfigJson(
    string Schema, IReadOnlyList<string> Sources, IReadOnlyList<CheckConfigJson.RulePart> Rules, CheckConfigJson.GovernorPart Governor,
    CheckConfigJson.GuardPart Guard, CheckConfigJson.HistoryPart History, CheckConfigJson.ServerPart Server, IReadOnlyList<CheckConfigJson.ProcessPart> Processes,
    int OtherProcessesWithoutRule)
{
    public static CheckConfigJson From(Policy policy, RuleSurvey survey) => new(
        "samepage.check-config/1", policy.Sources, [.. policy.Rules.Select(RulePart.From)],
        new GovernorPart(policy.Governor.CpuBudgetPercent, policy.Governor.CpuBudgetOver.TotalSeconds, policy.Governor.CpuGentlePercent, policy.Governor.UsesZeroPage), GuardPart.From(policy.Guard),
        new HistoryPart(policy.History.IsEnabled, policy.History.Path, policy.History.Days, policy.History.SizeBytesMax), new ServerPart(policy.Server.Listen, policy.Server.Hosts),
        [.. survey.Shown.Select(shown => new ProcessPart(
            shown.Facts.Process.Pid, shown.Facts.Process.Name, shown.Facts.GuestName, shown.Rule?.Name, shown.Rule?.Engine, shown.Rule?.Domain,
            shown.Rule?.Priority, shown.Rule?.Delay.TotalSeconds))],
        survey.OthersWithoutRule);

    public string ToText() => JsonSerializer.Serialize(this, CheckConfigJsonContext.Default.CheckConfigJson) + "\n";

    internal sealed record RulePart(
        string Name, string File, int Line, MatchPart Match, RuleEngine Engine, string? Domain, RulePriority Priority, double DelaySeconds)
    {
        public static RulePart From(PolicyRule rule) => new(
            rule.Name, rule.Position.File, rule.Position.Line,
            new MatchPart(rule.Match.CommandName, rule.Match.CommandLine, rule.Match.User, rule.Match.ControlGroup, rule.Match.Unit, rule.Match.Guest),
            rule.Engine, rule.Domain, rule.Priority, rule.Delay.TotalSeconds);
    }

    internal sealed record MatchPart(string? Comm, string? CommandLine, string? User, string? Cgroup, string? Unit, string? Guest);

    internal sealed record GovernorPart(double CpuBudgetPercent, double CpuBudgetOverSeconds, double CpuGentlePercent, bool UseZeroPages);

    internal sealed record GuardPart(
        double CoverageFloor, double CoverageWarning, IReadOnlyList<GroupPart> Cgroups, IReadOnlyList<string> WarningCommand, SwapPart Swap)
    {
        public static GuardPart From(GuardPolicy guard) => new(
            guard.Host.Floor, guard.Host.Warning, [.. guard.ControlGroups.Select(group => new GroupPart(group.Path, group.Floors.Floor, group.Floors.Warning))],
            guard.WarningCommand, new SwapPart(guard.Swap.Provision, guard.Swap.Directory, guard.Swap.SizeBytesMax));
    }

    internal sealed record GroupPart(string Path, double CoverageFloor, double CoverageWarning);

    internal sealed record SwapPart(SwapKind Provision, string? Directory, long SizeBytesMax);

    internal sealed record HistoryPart(bool Enabled, string? Path, int Days, long SizeBytesMax);

    internal sealed record ServerPart(string? Listen, IReadOnlyList<string> Hosts);

    internal sealed record ProcessPart(
        int Pid, string Name, string? Guest, string? Rule, RuleEngine? Engine, string? Domain, RulePriority? Priority, double? DelaySeconds);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    Converters = [typeof(SnakeCaseEnum<RuleEngine>), typeof(SnakeCaseEnum<RulePriority>), typeof(SnakeCaseEnum<SwapKind>)])]
[JsonSerializable(typeof(CheckConfigJson))]
internal sealed partial class CheckConfigJsonContext : JsonSerializerContext;
