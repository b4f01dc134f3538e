using System.Text.RegularExpressions;
using Samepage.Targets;

namespace Samepage.Policies;

/// <summary>Says which rule a process falls under: of those whose conditions all hold, the last. Thread-safe.</summary>
public sealed class PolicyMatcher
{
    private readonly List<(PolicyRule Rule, Func<ProcessFacts, bool> Holds)> _rules;

    /// <summary>Prepares for a policy.</summary>
    /// <param name="policy">The policy, as it was read.</param>
    /// <param name="users">Who are users of this machine.</param>
    public PolicyMatcher(Policy policy, UserNames users) =>
        _rules = [.. policy.Rules.Select(rule => (rule, Condition(rule.Match, users)))];

    /// <summary>The rule of a process; null where none is about it.</summary>
    public PolicyRule? RuleOf(ProcessFacts process) => _rules.FindLast(rule => rule.Holds(process)).Rule;

    private static Func<ProcessFacts, bool> Condition(RuleMatch match, UserNames users)
    {
        var commandName = Pattern(match.CommandName);
        var commandLine = Pattern(match.CommandLine);
        var guest = Pattern(match.Guest);
        var unit = match.Unit is null ? null : Pattern($"^{Regex.Escape(match.Unit).Replace("\\*", ".*", StringComparison.Ordinal)}$");
        var user = match.User is null ? null : users.Number(match.User);
        return process =>
            (commandName is null || commandName.IsMatch(process.Process.Name))
            && (match.User is null || process.UserId == user)
            && (match.ControlGroup is null || process.ControlGroups.Any(group => IsAtOrBelow(group, match.ControlGroup)))
            && (unit is null || process.Units.Any(unit.IsMatch))
            && (guest is null || (process.GuestName is { } name && guest.IsMatch(name)))
            && (commandLine is null || commandLine.IsMatch(process.CommandLine));
    }

    private static Regex? Pattern(string? text) => text is null ? null : RuleMatch.Pattern(text);

    private static bool IsAtOrBelow(string path, string group) =>
        path == group || path.StartsWith(group + "/", StringComparison.Ordinal);
}
