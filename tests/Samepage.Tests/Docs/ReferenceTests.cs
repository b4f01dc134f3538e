using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Samepage.Cli;
using Samepage.Cli.Words;
using Samepage.Policies;

namespace Samepage.Tests.Docs;

/// <summary>The pages of docs/reference say what the code does.</summary>
public sealed partial class ReferenceTests
{
    [Fact]
    public void Configuration()
    {
        var page = new StringBuilder($"{Reference.Notice}\n# Reference: configuration\n\nEach section and key of the [policy](../operating/policy.md), `/etc/samepage/samepage.toml` and `conf.d/*.toml` beside it. The same is in `man samepage.toml`.\n");
        var sections = PolicyReference.Sections();
        foreach (var section in sections)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## `{PolicyPage.Title(section)}`\n\n{section.Meaning}\n\n");
            page.Append("| key | type | default | meaning |\n|---|---|---|---|\n");
            foreach (var key in section.Keys)
            {
                page.Append(CultureInfo.InvariantCulture, $"| `{key.Name}` | {Reference.Cell(key.Type)} | {(key.IsRequired ? "must be given" : key.Default is { } value ? $"`{value}`" : "none")} | {Reference.Cell(key.Meaning)} |\n");
            }
        }

        Reference.AssertInStep("configuration.md", page.ToString());
        Assert.All(sections, section => Assert.True(section.Meaning is not null && section.Keys.Count > 0, $"PolicyMeanings says nothing of {section.Title}"));
        Assert.All(sections.SelectMany(section => section.Keys.Select(key => (section.Title, key.Name, key.Meaning))), key =>
            Assert.True(key.Meaning is not null, $"PolicyMeanings says nothing of {key.Name} in {key.Title}"));
    }

    /// <summary>What the operator's page shows as a whole policy is one, and names every section.</summary>
    [Fact]
    public void The_policy_s_page_knows_every_key()
    {
        var page = File.ReadAllText(Path.Combine(Checkout.Root, "docs", "operating", "policy.md"));
        Assert.All(PolicyReference.Sections().SelectMany(section => section.Keys), key => Assert.Contains($"`{key.Name}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public void What_must_be_given_and_what_has_a_default_is_found_out()
    {
        var keys = PolicyReference.Sections().SelectMany(section => section.Keys.Select(key => (Name: $"{section.Title} {key.Name}", key))).ToDictionary(entry => entry.Name, entry => entry.key);
        Assert.True(keys["[[rule]] name"].IsRequired);
        Assert.True(keys["[guard.swap] provision"].IsRequired);
        Assert.False(keys["[[rule]] delay"].IsRequired);
        Assert.False(keys["match comm"].IsRequired);
        Assert.Equal(("\"0s\"", "\"default\"", "25"), (keys["[[rule]] delay"].Default, keys["[[rule]] domain"].Default, keys["[governor] cpu_budget_percent"].Default));
        Assert.Equal(("number, 0.1 to 100", "\"low\", \"normal\", \"high\""), (keys["[governor] cpu_budget_percent"].Type, keys["[[rule]] priority"].Type));
        Assert.Null(keys["[guard] warning_command"].Default);
    }

    [Fact]
    public void ExitCodes()
    {
        var constants = typeof(ExitCode).GetFields(BindingFlags.Static | BindingFlags.Public).Where(field => field.IsLiteral).Select(field => (int)field.GetRawConstantValue()!);
        Assert.Equal(constants.Order(), ExitCode.Meanings.Select(entry => entry.Code).Order());
        var page = new StringBuilder($"{Reference.Notice}\n# Reference: exit codes\n\nThe numbers are a contract. An error is one line on standard error that begins with `samepage:` and says what to do.\n\n| code | meaning |\n|---|---|\n");
        foreach (var (code, meaning) in ExitCode.Meanings)
        {
            page.Append(CultureInfo.InvariantCulture, $"| {code} | {Reference.Cell(meaning)} |\n");
        }

        page.Append("\n## By verb\n\nVerbs that are not listed have the meanings above, where they apply.\n\n| verb | code | meaning |\n|---|---|---|\n");
        foreach (var verb in Verb.Root(Program.CreateRoot()).All())
        {
            foreach (var (code, meaning) in verb.ExitStatuses)
            {
                page.Append(CultureInfo.InvariantCulture, $"| `{verb.Typed}` | {code} | {Reference.Cell(meaning)} |\n");
                Assert.True(ExitCode.Meanings.Any(entry => entry.Code.ToString(CultureInfo.InvariantCulture) == code), $"{verb.Typed}: '{code} {meaning}' is none of the exit codes");
            }
        }

        Assert.All(Verb.Root(Program.CreateRoot()).All().Where(verb => !verb.Below.Any()), verb => Assert.True(verb.ExitStatuses.Any(), $"the Manual of '{verb.Typed}' has no paragraph that begins with Exit status:"));
        Reference.AssertInStep("exit-codes.md", page.ToString());
    }

    [Fact]
    public void Metrics()
    {
        using var host = new MetricsOfAHost();
        var lines = host.Text.Split('\n');
        var page = new StringBuilder($"{Reference.Notice}\n# Reference: metrics\n\nWhat `/metrics` of [samepage serve](../operating/serve.md) shows, in Prometheus's text format. Names are a contract.\n\n| metric | type | unit | labels | meaning |\n|---|---|---|---|---|\n");
        foreach (Match head in HeadPattern().Matches(host.Text))
        {
            var (name, help, type) = (head.Groups[1].Value, head.Groups[2].Value, head.Groups[3].Value);
            var labels = lines.Where(line => line.StartsWith(name + "{", StringComparison.Ordinal)).SelectMany(line => LabelPattern().Matches(line).Select(match => $"`{match.Groups[1].Value}`")).Distinct();
            page.Append(CultureInfo.InvariantCulture, $"| `{name}` | {type} | {Unit(name)} | {string.Join(", ", labels)} | {Reference.Cell(help)} |\n");
        }

        Reference.AssertInStep("metrics.md", page.ToString());

        // What the code can write must have been written by the made-up host, or the page would not know of it.
        var source = string.Concat(Directory.EnumerateFiles(Path.Combine(Checkout.Root, "src", "Samepage.Server", "Http"), "Metrics*.cs").Select(File.ReadAllText));
        var named = NamePattern().Matches(source).Select(match => "samepage_" + match.Groups[1].Value).Distinct().ToList();
        Assert.True(named.Count > 20, $"only {named.Count} names in the source");
        Assert.All(named, name => Assert.Contains($"| `{name}` |", page.ToString(), StringComparison.Ordinal));
    }

    private static string Unit(string name)
    {
        var unit = name.Replace("_total", "", StringComparison.Ordinal).Split('_')[^1];
        return unit is "bytes" or "seconds" or "pages" or "ratio" or "cores" or "processes" ? unit : "";
    }

    [GeneratedRegex("""^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$""", RegexOptions.Multiline)]
    private static partial Regex HeadPattern();

    [GeneratedRegex("[{,]([a-z_]+)=\"")]
    private static partial Regex LabelPattern();

    [GeneratedRegex("\\b(?:Gauge|Counter|Head|Scopes)\\(\"([a-z_]+)\"")]
    private static partial Regex NamePattern();
}
