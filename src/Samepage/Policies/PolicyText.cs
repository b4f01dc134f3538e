using System.Globalization;
using System.Text;
using Samepage.Guarding.Swapping;

namespace Samepage.Policies;

/// <summary>Writes a policy as TOML that reads back as the same policy: what holds, defaults included.</summary>
public static class PolicyText
{
    /// <summary>The whole policy.</summary>
    public static string Write(Policy policy)
    {
        var text = new StringBuilder();
        foreach (var rule in policy.Rules)
        {
            Write(text, rule);
        }

        Section(text, "[governor]",
            ("cpu_budget_percent", Number(policy.Governor.CpuBudgetPercent)), ("cpu_budget_over", Quote(PolicyUnits.Text(policy.Governor.CpuBudgetOver))),
            ("cpu_gentle_percent", Number(policy.Governor.CpuGentlePercent)), ("use_zero_pages", Truth(policy.Governor.UsesZeroPage)));
        var guard = policy.Guard;
        Section(text, "[guard]", [.. Floors(guard.Host), ("warning_command", Array(guard.WarningCommand))]);
        Section(text, "[guard.swap]",
            ("provision", Quote(Word(guard.Swap.Provision))), ("directory", Quote(guard.Swap.Directory)),
            ("size_max", guard.Swap.Provision == SwapKind.None ? null : Quote(PolicyUnits.Text(guard.Swap.SizeBytesMax))));
        foreach (var group in guard.ControlGroups)
        {
            Section(text, "[[guard.cgroup]]", [("path", Quote(group.Path)), .. Floors(group.Floors)]);
        }

        Section(text, "[history]",
            ("enabled", Truth(policy.History.IsEnabled)), ("path", Quote(policy.History.Path)),
            ("days", policy.History.Days.ToString(CultureInfo.InvariantCulture)), ("size_max", Quote(PolicyUnits.Text(policy.History.SizeBytesMax))));
        Section(text, "[server]",
            ("listen", Quote(policy.Server.Listen ?? "off")), ("hosts", Array(policy.Server.Hosts)));
        return text.ToString();
    }

    /// <summary>An enum's name as a policy has it.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    /// <summary>The conditions of a rule, as an inline table.</summary>
    public static string Conditions(RuleMatch match)
    {
        var conditions = new (string Key, string? Value)[]
        {
            ("comm", match.CommandName), ("command_line", match.CommandLine), ("user", match.User), ("cgroup", match.ControlGroup),
            ("unit", match.Unit), ("guest", match.Guest),
        };
        return $"{{ {string.Join(", ", conditions.Where(condition => condition.Value is not null).Select(condition => $"{condition.Key} = {Quote(condition.Value)}"))} }}";
    }

    private static void Write(StringBuilder text, PolicyRule rule)
    {
        text.Append(CultureInfo.InvariantCulture, $"# {rule.Position}\n");
        Section(text, "[[rule]]",
            ("name", Quote(rule.Name)), ("match", Conditions(rule.Match)), ("engine", Quote(Word(rule.Engine))), ("domain", Quote(rule.Domain)),
            ("priority", Quote(Word(rule.Priority))), ("delay", rule.Engine == RuleEngine.Off ? null : Quote(PolicyUnits.Text(rule.Delay))));
    }

    private static (string, string?)[] Floors(CoverageFloors floors) =>
        [("coverage_floor", Number(floors.Floor)), ("coverage_warning", Number(floors.Warning))];

    private static void Section(StringBuilder text, string header, params ReadOnlySpan<(string Key, string? Value)> lines)
    {
        text.Append(header).Append('\n');
        foreach (var (key, value) in lines)
        {
            _ = value is null ? text : text.Append(CultureInfo.InvariantCulture, $"{key} = {value}\n");
        }

        text.Append('\n');
    }

    private static string Truth(bool truth) => truth ? "true" : "false";

    private static string Number(double number) => number.ToString(number == Math.Floor(number) ? "0.0" : "R", CultureInfo.InvariantCulture);

    /// <summary>Null where it is empty: that cannot be written, and holds where the key is missing.</summary>
    private static string? Array(IReadOnlyList<string> texts) => texts.Count == 0 ? null : $"[{string.Join(", ", texts.Select(Quote))}]";

    private static string? Quote(string? text)
    {
        if (text is null)
        {
            return null;
        }

        // What needs no escape in single quotes reads better there: patterns are full of backslashes.
        if (text.Contains('\\') && text.All(letter => letter != '\'' && !char.IsControl(letter)))
        {
            return $"'{text}'";
        }

        var quoted = new StringBuilder("\"");
        foreach (var letter in text)
        {
            _ = letter is '"' or '\\' ? quoted.Append('\\').Append(letter)
                : char.IsControl(letter) ? quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}")
                : quoted.Append(letter);
        }

        return quoted.Append('"').ToString();
    }
}
