using System.Net;
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
    /// <summary>Reads one file's text.</summary>
    /// <param name="before">What holds without it.</param>
    /// <param name="file">What messages call the file.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="PolicyException">The text is no policy; nothing of it holds then.</exception>
    public Policy Read(Policy before, string file, string text) => Read(before, file, TomlText.Parse(file, text));

    /// <summary>The same for a document that is parsed already.</summary>
    internal Policy Read(Policy before, string file, TomlTable document, TomlKeyLog? log = null)
    {
        var root = new TomlSection(document, "a policy", log);
        var rules = root.Sections("rule", "[[rule]]");
        var policy = before with
        {
            Rules = rules.Count == 0 ? before.Rules : new RuleReader(users).Read(before.Rules, rules),
            Governor = root.Section("governor", "[governor]") is { } governor ? Governor(before.Governor, governor) : before.Governor,
            Guard = root.Section("guard", "[guard]") is { } guard ? GuardReader.Read(before.Guard, guard) : before.Guard,
            Server = root.Section("server", "[server]") is { } server ? Server(before.Server, server) : before.Server,
            History = root.Section("history", "[history]") is { } history ? History(before.History, history) : before.History,
            Sources = [.. before.Sources, file],
        };
        root.End();
        return policy;
    }

    private static GovernorPolicy Governor(GovernorPolicy before, TomlSection section)
    {
        var governor = before with
        {
            CpuBudgetPercent = section.Number("cpu_budget_percent", 0.1, 100) ?? before.CpuBudgetPercent,
            CpuBudgetOver = section.Time("cpu_budget_over", TimeSpan.FromSeconds(20)) ?? before.CpuBudgetOver,
            CpuGentlePercent = section.Number("cpu_gentle_percent", 0.1, 95) ?? before.CpuGentlePercent,
            UsesZeroPage = section.Truth("use_zero_pages") ?? before.UsesZeroPage,
        };
        section.End();
        return governor;
    }

    private static HistoryPolicy History(HistoryPolicy before, TomlSection section)
    {
        const long SizeBytesLeast = 4 << 20;
        var path = section.Text("path");
        var size = section.Text("size_max");
        if (path is not null && (!Path.IsPathRooted(path) || path.EndsWith('/')))
        {
            throw section.Wrong("path", "must be the full path of a file");
        }

        var bytes = size is null ? before.SizeBytesMax : PolicyUnits.Size(size) ?? 0;
        var history = before with
        {
            IsEnabled = section.Truth("enabled") ?? before.IsEnabled,
            Path = path ?? before.Path,
            Days = (int?)section.Whole("days", 1, 3650) ?? before.Days,
            SizeBytesMax = bytes >= SizeBytesLeast ? bytes : throw section.Wrong("size_max", $"must be a size such as \"64M\", 4M at least, and is \"{size}\""),
        };
        section.End();
        return history;
    }

    private static ServerPolicy Server(ServerPolicy before, TomlSection section)
    {
        var listen = section.Text("listen", "\"ADDRESS:PORT\" or \"off\"");
        var hosts = section.Texts("hosts", "[\"samepage.example.org\"]");
        if (hosts?.FirstOrDefault(host => !IsHostName(host)) is { } wrong)
        {
            throw section.Wrong("hosts", $"must be names as they stand in an address, without scheme, port and path, such as [\"samepage.example.org\"], and has \"{wrong}\"");
        }

        section.End();
        return before with
        {
            Listen = listen switch
            {
                null => before.Listen,
                "off" => null,
                _ when IPEndPoint.TryParse(listen, out var endpoint) && endpoint.Port > 0 => endpoint.ToString(),
                _ => throw section.Wrong("listen", $"must be an address and a port, such as \"127.0.0.1:7373\" or \"[::1]:7373\", or \"off\", and is \"{listen}\""),
            },
            Hosts = hosts ?? before.Hosts,
        };
    }

    /// <summary>Browsers send names of other scripts in their ASCII form (xn--).</summary>
    private static bool IsHostName(string text) =>
        text.All(char.IsAscii) && Uri.CheckHostName(text) is UriHostNameType.Dns or UriHostNameType.IPv4;
}
