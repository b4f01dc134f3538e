using System.Globalization;
using Samepage.Cli.Commands;
using Samepage.Policies;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>A policy and who falls under its rules, for people. All but the table of processes is a policy itself.</summary>
internal static class CheckConfigText
{
    public static void Write(IAnsiConsole console, Policy policy, RuleSurvey survey)
    {
        Console.Out.WriteLine(policy.Sources.Count == 0 ? "# no file: defaults only" : $"# {string.Join(", ", policy.Sources)}");
        Console.Out.WriteLine();
        Console.Out.Write(PolicyText.Write(policy));
        foreach (var line in Rest(console, policy, survey))
        {
            Console.Out.WriteLine(line.Length == 0 ? "#" : $"# {line}");
        }
    }

    private static IEnumerable<string> Rest(IAnsiConsole console, Policy policy, RuleSurvey survey)
    {
        if (policy.Rules.Count == 0)
        {
            yield return "no rules: only programs that asked for it are merged, and nobody is opted in";
        }

        if (survey.Shown.Count > 0)
        {
            using var text = new StringWriter();
            var plain = AnsiConsole.Create(new AnsiConsoleSettings
            {
                Ansi = AnsiSupport.No,
                ColorSystem = ColorSystemSupport.NoColors,
                Interactive = InteractionSupport.No,
                Out = new AnsiConsoleOutput(text),
            });
            plain.Profile.Width = Math.Max(40, console.Profile.Width - 2);
            Table(survey).Write(plain);
            foreach (var line in text.ToString().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'))
            {
                yield return line;
            }
        }

        if (policy.Rules.Count > 0 && (survey.Shown.Count == 0 || survey.OthersWithoutRule > 0))
        {
            yield return survey.Shown.Count == 0
                ? $"no process that you may read falls under a rule; {Readable.Count(survey.OthersWithoutRule, "was", "were")} looked at"
                : $"{Readable.Count(survey.OthersWithoutRule, "other process falls", "other processes fall")} under no rule";
        }
    }

    private static TextTable Table(RuleSurvey survey)
    {
        var table = new TextTable().AddColumn("PID").AddColumn("NAME", isNumber: false).AddColumn("RULE", isNumber: false)
            .AddColumn("ENGINE", isNumber: false).AddColumn("DOMAIN", isNumber: false, rank: 1).AddColumn("PRIORITY", isNumber: false, rank: 3)
            .AddColumn("DELAY", rank: 4).AddColumn("GUEST", isNumber: false, rank: 2);
        foreach (var (facts, rule) in survey.Shown)
        {
            table.AddRow(
                "default", facts.Process.Pid.ToString(CultureInfo.InvariantCulture), Readable.Name(facts.Process.Name), rule is null ? "-" : Readable.Name(rule.Name),
                rule is null ? "-" : PolicyText.Word(rule.Engine), rule?.Domain ?? "-", rule is null ? "-" : PolicyText.Word(rule.Priority),
                rule is null ? "-" : PolicyUnits.Text(rule.Delay), facts.GuestName is { } guest ? Readable.Name(guest) : "-");
        }

        return table;
    }
}
