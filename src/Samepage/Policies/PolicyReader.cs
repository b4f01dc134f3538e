using System.Globalization;
using System.Net;
using Samepage.Merging.User;
using Samepage.Policies.Toml;
using Samepage.Targets;

namespace Samepage.Policies;

/// <summary>
/// Reads the text of one policy file on top of what files before it said: a value replaces the earlier one, a rule or
/// control group of a known name takes its place, others are added at the end.
/// </summary>
/// <param name="users">Who are users of this machine.</param>
public sealed class PolicyReader(UserNames users)
{
    private const double CoverageMax = 1000;
    private static readonly TimeSpan s_day = TimeSpan.FromDays(1);

    /// <summary>Reads one file's text.</summary>
    /// <param name="before">What holds without it.</param>
    /// <param name="file">What messages call the file.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="PolicyException">The text is no policy; nothing of it holds then.</exception>
    public Policy Read(Policy before, string file, string text)
    {
        var root = new TomlSection(TomlText.Parse(file, text), "a policy");
        var rules = root.Sections("rule", "[[rule]]");
        var policy = before with
        {
            Rules = rules.Count == 0 ? before.Rules : Rules(before.Rules, rules),
            Governor = root.Section("governor", "[governor]") is { } governor ? Governor(before.Governor, governor) : before.Governor,
            Guard = root.Section("guard", "[guard]") is { } guard ? Guard(before.Guard, guard) : before.Guard,
            Server = root.Section("server", "[server]") is { } server ? Server(server) : before.Server,
            Sources = [.. before.Sources, file],
        };
        root.End();
        return policy;
    }

    private List<PolicyRule> Rules(IReadOnlyList<PolicyRule> before, IReadOnlyList<TomlSection> sections)
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
        var domain = section.Text("domain");
        if (domain is not null && engine != RuleEngine.User)
        {
            throw section.Wrong("domain", "goes with engine = \"user\" only; the kernel merges across domains");
        }

        if (domain is not null && DomainName.TryParse(domain) is null)
        {
            throw section.Wrong("domain", $"must be up to {DomainName.LengthMax} of A-Z, a-z, 0-9, '.', '_' and '-', not beginning with '.'");
        }

        var delay = Time(section, "delay", TimeSpan.Zero);
        if (delay is not null && engine == RuleEngine.Off)
        {
            throw section.Wrong("delay", "does not go with engine = \"off\", which does nothing to wait for");
        }

        var priority = section.Word("priority", ("low", RulePriority.Low), ("normal", RulePriority.Normal), ("high", RulePriority.High));
        section.End();
        return new PolicyRule(
            name, match, engine, priority ?? RulePriority.Normal, delay ?? TimeSpan.Zero,
            engine == RuleEngine.User ? domain ?? PolicyRule.DefaultDomain : null, section.Position);
    }

    private RuleMatch Match(TomlSection section)
    {
        var match = new RuleMatch
        {
            CommandName = Pattern(section, "comm"),
            CommandLine = Pattern(section, "command_line"),
            User = section.Text("user"),
            ControlGroup = section.Text("cgroup") is null ? null : Group(section, "cgroup"),
            Unit = section.Text("unit"),
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
            if (section.Text(key) is not { } text)
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

    private static string Group(TomlSection section, string key)
    {
        const string Mount = "/sys/fs/cgroup/";
        var group = section.Text(key)!.TrimEnd('/');
        return group.StartsWith('/') && !group.StartsWith(Mount, StringComparison.Ordinal)
            ? group
            : throw section.Wrong(key, $"must be a path as /proc/PID/cgroup has it, below the root and without {Mount}, such as \"/machine.slice\"");
    }

    private static GovernorPolicy Governor(GovernorPolicy before, TomlSection section)
    {
        var governor = before with
        {
            CpuBudgetPercent = section.Number("cpu_budget_percent", 0.1, 100) ?? before.CpuBudgetPercent,
            CpuBudgetOver = Time(section, "cpu_budget_over", TimeSpan.FromSeconds(1)) ?? before.CpuBudgetOver,
        };
        section.End();
        return governor;
    }

    private static GuardPolicy Guard(GuardPolicy before, TomlSection section)
    {
        var guard = before with
        {
            Host = Floors(before.Host, section),
            WarningCommand = Command(section) ?? before.WarningCommand,
            Swap = section.Section("swap", "[guard.swap]") is { } swap ? Swap(swap) : before.Swap,
        };
        var own = new List<ControlGroupFloors>();
        foreach (var group in section.Sections("cgroup", "[[guard.cgroup]]"))
        {
            _ = group.Text("path") ?? throw new PolicyException(group.Position, "[[guard.cgroup]] has no path; add one, such as path = \"/machine.slice\"");
            var path = Group(group, "path");
            if (own.Exists(known => known.Path == path))
            {
                throw group.Wrong("path", $"\"{path}\" stands here twice; put both together");
            }

            // What is left out is as for the host, not as an earlier file had it for the group.
            own.Add(new ControlGroupFloors(path, Floors(guard.Host, group)));
            group.End();
        }

        section.End();
        return guard with { ControlGroups = [.. before.ControlGroups.Where(early => !own.Exists(late => late.Path == early.Path)), .. own] };
    }

    private static CoverageFloors Floors(CoverageFloors before, TomlSection section)
    {
        var floor = section.Number("coverage_floor", 0, CoverageMax);
        var warning = section.Number("coverage_warning", 0, CoverageMax);
        var floors = before with { Floor = floor ?? before.Floor, Warning = warning ?? Math.Max(before.Warning, floor ?? 0) };
        return floors.Warning >= floors.Floor
            ? floors
            : throw section.Wrong("coverage_warning", string.Create(CultureInfo.InvariantCulture, $"is {floors.Warning} and below coverage_floor ({floors.Floor}), so that it would come too late; make it larger"));
    }

    private static IReadOnlyList<string>? Command(TomlSection section) =>
        section.Texts("warning_command") is not { } command || Path.IsPathRooted(command[0])
            ? section.Texts("warning_command")
            : throw section.Wrong("warning_command", "must begin with the full path of a program; it is executed without a shell");

    /// <summary>A whole: what it leaves out is not taken from an earlier file, where it belonged to another kind of swap.</summary>
    private static SwapPolicy Swap(TomlSection section)
    {
        var kind = section.Word("provision", ("none", SwapKind.None), ("file", SwapKind.File), ("zram", SwapKind.Zram))
            ?? throw new PolicyException(section.Position, "[guard.swap] has no provision; add provision = \"none\", \"file\" or \"zram\"");
        var directory = section.Text("directory");
        var size = section.Text("size_max");
        if (directory is not null && kind != SwapKind.File)
        {
            throw section.Wrong("directory", "goes with provision = \"file\" only");
        }

        if ((size is null) != (kind == SwapKind.None))
        {
            throw size is null
                ? new PolicyException(section.PositionOf("provision"), "swap is to be provided without a limit; add size_max, such as size_max = \"8G\"")
                : section.Wrong("size_max", "goes with provision = \"file\" or \"zram\"");
        }

        if (directory is not null && !Path.IsPathRooted(directory))
        {
            throw section.Wrong("directory", "must be a full path");
        }

        var bytes = size is null ? 0 : PolicyUnits.Size(size) ?? throw section.Wrong("size_max", $"must be a size such as \"512M\" or \"8G\", 64 TiB at most, and is \"{size}\"");
        section.End();
        return new SwapPolicy { Provision = kind, Directory = kind == SwapKind.File ? directory ?? "/var/lib/samepage/swap" : null, SizeBytesMax = bytes };
    }

    private static ServerPolicy Server(TomlSection section)
    {
        var listen = section.Text("listen");
        section.End();
        return listen switch
        {
            null => new ServerPolicy(),
            "off" => new ServerPolicy { Listen = null },
            _ when IPEndPoint.TryParse(listen, out var endpoint) && endpoint.Port > 0 => new ServerPolicy { Listen = endpoint.ToString() },
            _ => throw section.Wrong("listen", $"must be an address and a port, such as \"127.0.0.1:7373\" or \"[::1]:7373\", or \"off\", and is \"{listen}\""),
        };
    }

    private static TimeSpan? Time(TomlSection section, string key, TimeSpan least) => section.Text(key) is not { } text
        ? null
        : PolicyUnits.Duration(text) is { } time && time >= least && time <= s_day
            ? time
            : throw section.Wrong(key, $"must be a time such as \"500ms\", \"30s\" or \"5m\"{(least > TimeSpan.Zero ? ", a second at least" : "")}, a day at most, and is \"{text}\"");
}
