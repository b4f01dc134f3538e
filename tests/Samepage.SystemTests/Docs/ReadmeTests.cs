using System.Text.RegularExpressions;

namespace Samepage.SystemTests.Docs;

/// <summary>The README cannot rot: its session is run, its links lead somewhere, its verbs and options exist.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string s_root = SamepageCommand.Repository;
    private static readonly string s_readme = File.ReadAllText(Path.Combine(s_root, "README.md"));

    [Fact]
    public void The_session_prints_what_the_readme_shows_but_for_the_figures()
    {
        var block = SessionPattern().Match(s_readme).Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("$ ./samepage demo", block[0]);
        Assert.SkipUnless(File.Exists("/usr/bin/qemu-system-x86_64"), "the session is one with QEMU, which is not installed");
        using var lease = KsmdLease.Take();
        var (status, output, errors) = Tool.Run(Path.Combine(s_root, "samepage"), "demo");
        Assert.True(status == 0, errors);
        var printed = output.Split('\n').Select(Shape).ToHashSet();
        Assert.All(block.Skip(1), line => Assert.Contains(Shape(line), printed));

        // The positive control: a line that the demo does not print is missed.
        Assert.DoesNotContain(Shape("memory   588 MiB   587 GiB"), printed);
    }

    [Fact]
    public void Links_lead_somewhere()
    {
        foreach (var page in Directory.EnumerateFiles(s_root, "*.md").Concat(
            Directory.EnumerateFiles(Path.Combine(s_root, "docs"), "*.md", SearchOption.AllDirectories)))
        {
            foreach (Match link in LinkPattern().Matches(File.ReadAllText(page)))
            {
                var target = Path.Combine(Path.GetDirectoryName(page)!, link.Groups[1].Value);
                Assert.True(Path.Exists(target), $"{Path.GetRelativePath(s_root, page)}: {link.Groups[1].Value} does not exist");
            }
        }
    }

    [Fact]
    public void Verbs_of_the_readme_exist()
    {
        var verbs = VerbPattern().Matches(s_readme).Select(match => match.Groups[1].Value).Distinct().ToList();
        Assert.True(verbs.Count >= 8, $"only {string.Join(", ", verbs)} found");
        Assert.All(verbs, verb => Assert.Equal(0, SamepageCommand.Run(verb, "--help").Status));
        Assert.Equal(2, SamepageCommand.Run("no-such-verb").Status);
    }

    /// <summary>A line without its figures, units and spacing, which differ from run to run.</summary>
    private static string Shape(string line) => BlankPattern().Replace(FigurePattern().Replace(line, "#"), " ").Trim();

    [GeneratedRegex(@"<!-- run: demo -->\n```console\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex SessionPattern();

    [GeneratedRegex(@"\]\(([^)#:]+)(?:#[^)]*)?\)")]
    private static partial Regex LinkPattern();

    [GeneratedRegex(@"`samepage ([a-z]+)")]
    private static partial Regex VerbPattern();

    [GeneratedRegex(@"-?[0-9][0-9.,]*( (ms|s|%))?")]
    private static partial Regex FigurePattern();

    [GeneratedRegex(@"\s+")]
    private static partial Regex BlankPattern();
}
