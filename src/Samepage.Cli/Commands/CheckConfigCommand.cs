using System.CommandLine;
using Samepage.Cli.Rendering;
using Samepage.Linux.Proc;
using Samepage.Policies;
using Samepage.Targets;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage check-config</c>: what the policy says, and of whom. Changes nothing.</summary>
internal static class CheckConfigCommand
{
    private static readonly Option<string?> s_config = PolicyOption.Create();
    private static readonly Option<bool> s_json = new("--json") { Description = "Write JSON instead of text" };

    public static Command Create()
    {
        var command = new Command("check-config", "Check the policy, print what it comes to, and say which process falls under which rule.");
        command.Options.Add(s_config);
        var targets = new TargetOptions().AddTo(command);
        command.Options.Add(s_json);
        Manual.Add(
            command,
            $"Reads {PolicyLoader.DefaultPath}, then conf.d/*.toml beside it in the order of their names; a later value takes the place of an earlier one, as does a later rule of the same name. Of the rules that match a process, the last one decides. What is printed is a policy itself, with all defaults written out.",
            "With targets, each of them is listed with its rule or without; else, where there are rules, those processes that you may read and that fall under one.",
            "Exit status: 0 the policy is sound; 2 it is not: file, line, column and what to write instead are on standard error; 4 a file may not be read; 5 no process matches the targets.");
        command.SetVerb((parsed, _) => Run(parsed, targets));
        return command;
    }

    private static int Run(ParseResult parsed, TargetOptions targetOptions)
    {
        var policy = PolicyOption.Load(parsed, s_config);
        var survey = Survey(parsed, targetOptions, policy);
        if (parsed.GetValue(s_json))
        {
            Console.Out.Write(CheckConfigJson.From(policy, survey).ToText());
        }
        else
        {
            CheckConfigText.Write(ConsoleText.StandardOutput(), policy, survey);
        }

        return ExitCode.Done;
    }

    private static RuleSurvey Survey(ParseResult parsed, TargetOptions targetOptions, Policy policy)
    {
        var isNamed = !targetOptions.Query(parsed).IsEmpty;
        if (!isNamed && policy.Rules.Count == 0)
        {
            return new RuleSurvey([], 0);
        }

        var proc = new ProcFs();
        var matcher = new PolicyMatcher(policy, new UserNames());
        var found = Targets(parsed, targetOptions, proc, isNamed).Select(target => ProcessFacts.TryRead(proc, target)).OfType<ProcessFacts>()
            .Select(facts => new RuledProcess(facts, matcher.RuleOf(facts))).ToList();
        var shown = found.Where(process => isNamed || process.Rule is not null).ToList();
        return new RuleSurvey(shown, found.Count - shown.Count);
    }

    private static IReadOnlyList<TargetProcess> Targets(ParseResult parsed, TargetOptions targetOptions, ProcFs proc, bool isNamed)
    {
        if (isNamed)
        {
            return targetOptions.Resolve(parsed, proc);
        }

        try
        {
            return new TargetResolver(proc).Resolve(new TargetQuery { All = true });
        }
        catch (TargetException)
        {
            // Who asked for nobody in particular is not told that there is nobody.
            return [];
        }
    }
}

/// <summary>A process and the rule that it falls under, if any.</summary>
internal sealed record RuledProcess(ProcessFacts Facts, PolicyRule? Rule);

/// <summary>Processes and their rules.</summary>
/// <param name="Shown">Those asked for, or all that fall under a rule.</param>
/// <param name="OthersWithoutRule">Others, that fall under none.</param>
internal sealed record RuleSurvey(IReadOnlyList<RuledProcess> Shown, int OthersWithoutRule);
