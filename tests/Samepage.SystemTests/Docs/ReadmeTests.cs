using System.Text.RegularExpressions;

namespace Samepage.SystemTests.Docs;

/// <summary>The README cannot rot: its session is run. LinkTests and DocumentTests see to the rest of it.</summary>
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

    /// <summary>A line without its figures, units and spacing, which differ from run to run.</summary>
    private static string Shape(string line) => BlankPattern().Replace(FigurePattern().Replace(line, "#"), " ").Trim();

    [GeneratedRegex(@"<!-- run: demo -->\n```console\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex SessionPattern();

    [GeneratedRegex(@"-?[0-9][0-9.,]*( (ms|s|%))?")]
    private static partial Regex FigurePattern();

    [GeneratedRegex(@"\s+")]
    private static partial Regex BlankPattern();
}
