using Samepage.Merging.User;
using Samepage.Policies.Toml;
using Samepage.Targets;

namespace Samepage.Policies;

/// <summary>Reads <c>[[rule]]</c>.</summary>
/// <param name="users">Who are users of this machine.</param>
internal sealed class RuleReader(UserNames users)
{
    /// <summary>Puts the rules of a file to those of the files before it.</summary>
    /// <exception cref="PolicyException">A rule cannot be followed, or contradicts another.</exception>
    public IReadOnlyList<PolicyRule> Read(IReadOnlyList<PolicyRule> before, IReadOnlyList<TomlSection> sections)
    {
        var own = new List<PolicyRule>();
        foreach (var section in sections)
        {
            var rule = Rule(section);
            if (own.Find(known => known.Name == rule.Name) is { } twin)
            {
                throw section.Wrong("name", $"\"{rule.Name}\" is that of the rule in line {twin.Position.Line} too; rename one of them");
            }

            own.Add(rule);
        }

        // A rule that a later file names anew stands where it stood: the order of the others is not disturbed.
        List<PolicyRule> all = [.. before.Select(rule => own.Find(late => late.Name == rule.Name) ?? rule)];
        all.AddRange(own.Where(rule => !all.Contains(rule)));
        for (var i = 0; i < own.Count; i++)
        {
            var rule = own[i];
            if (all.Find(other => other != rule && other.Match == rule.Match && own.IndexOf(other) < i) is { } twin)
            {
                throw new PolicyException(rule.Position, $"rule \"{rule.Name}\" matches just what rule \"{twin.Name}\" ({twin.Position}) does, so one of them never applies; remove it, or give both the same name");
            }
        }

        return all;
    }

    private PolicyRule Rule(TomlSection section)
    {
        var name = section.Text("name") ?? throw new PolicyException(section.Position, "[[rule]] has no name; add one, such as name = \"guests\"");
        var match = section.Section("match", "match") is { } conditions ? Match(conditions) : new RuleMatch();
        if (match.IsEmpty)
        {
            throw new PolicyException(section.Position, $"rule \"{name}\" does not say which processes; add a condition, such as match = {{ comm = \"^qemu\" }}");
        }

        var engine = section.Word("engine", ("kernel", RuleEngine.Kernel), ("user", RuleEngine.User), ("off", RuleEngine.Off))
            ?? throw new PolicyException(section.Position, $"rule \"{name}\" has no engine; add engine = \"kernel\", \"user\" or \"off\"");
        var domain = Domain(section, engine);
        var delay = section.Time("delay", TimeSpan.Zero);
        if (delay is not null && engine == RuleEngine.Off)
        {
            throw section.Wrong("delay", "does not go with engine = \"off\", which does nothing to wait for");
        }

        var priority = section.Word("priority", ("low", RulePriority.Low), ("normal", RulePriority.Normal), ("high", RulePriority.High));
        section.End();
        return new PolicyRule(
            name, match, engine, priority ?? RulePriority.Normal, delay ?? TimeSpan.Zero, domain, section.Position);
    }

    /// <summary>The domain of a rule of the user engine; null with the others.</summary>
    private static string? Domain(TomlSection section, RuleEngine engine)
    {
        var domain = section.Text("domain");
        if (domain is not null && engine != RuleEngine.User)
        {
            throw section.Wrong("domain", "goes with engine = \"user\" only; the kernel merges across domains");
        }

        if (domain is not null && DomainName.TryParse(domain) is null)
        {
            throw section.Wrong("domain", $"must be up to {DomainName.LengthMax} of A-Z, a-z, 0-9, '.', '_' and '-', not beginning with '.'");
        }

        return engine == RuleEngine.User ? domain ?? PolicyRule.DefaultDomain : null;
    }

    private RuleMatch Match(TomlSection section)
    {
        var match = new RuleMatch
        {
            CommandName = Pattern(section, "comm"),
            CommandLine = Pattern(section, "command_line"),
            User = section.Text("user", "name or number"),
            ControlGroup = section.Group("cgroup"),
            Unit = section.Text("unit", "name, * for anything"),
            Guest = Pattern(section, "guest"),
        };
        if (match.User is { } user && users.Number(user) is null)
        {
            throw section.Wrong("user", $"\"{user}\" is not a user of this machine; write a name of /etc/passwd, or a number");
        }

        section.End();
        return match;
    }

    private static string? Pattern(TomlSection section, string key)
    {
        try
        {
            if (section.Text(key, "regular expression") is not { } text)
            {
                return null;
            }

            _ = RuleMatch.Pattern(text);
            return text;
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw section.Wrong(key, $"is not a regular expression that can be used: {error.Message.ReplaceLineEndings(" ").TrimEnd('.')}; in 'single quotes' a backslash stays one");
        }
    }
}
