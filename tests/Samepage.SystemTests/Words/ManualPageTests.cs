using System.Text.RegularExpressions;
using Samepage.Cli;
using Samepage.Cli.Words;

namespace Samepage.SystemTests.Words;

/// <summary>The manual pages as the executable writes them: whole, readable by man, and clean to those who check such pages.</summary>
public sealed class ManualPageTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-man-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void There_is_a_page_for_each_verb_and_one_for_the_policy()
    {
        var wanted = Verb.Root(Program.CreateRoot()).All().Select(verb => $"man1/{verb.Page}.1").Append("man5/samepage.toml.5").Order(StringComparer.Ordinal);
        Assert.Equal(wanted, Write().Select(file => Path.GetRelativePath(_directory, file)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Mandoc_finds_nothing_to_mend()
    {
        SkipWithout("mandoc");
        var (status, output, errors) = Tool.Run("mandoc", ["-T", "lint", "-W", "style", .. Write()]);
        Assert.True(status == 0, output + errors);

        // The positive control: a page that is not well made is noticed.
        var wrong = Path.Combine(_directory, "wrong.1");
        File.WriteAllText(wrong, ".TH WRONG 1\n.SH NAME\nwrong \\- wrong\n.SH\n.XX\n");
        Assert.NotEqual(0, Tool.Run("mandoc", "-T", "lint", wrong).Status);
    }

    [Fact]
    public void Man_shows_them_without_a_warning()
    {
        SkipWithout("man");
        SkipWithout("groff");
        foreach (var file in Write())
        {
            var (status, output, errors) = Tool.Run("env", "LC_ALL=C.UTF-8", "MANROFFSEQ=", "MANWIDTH=80", "man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", file);
            Assert.True((status, errors) == (0, ""), $"{file}: {errors}");
            Assert.NotEmpty(output);
        }
    }

    /// <summary>What the help says of a verb and of each option stands in its page too.</summary>
    [Fact]
    public void A_page_says_what_the_help_says()
    {
        SkipWithout("mandoc");
        var pages = Write().ToDictionary(file => Path.GetFileNameWithoutExtension(file));
        foreach (var verb in Verb.Root(Program.CreateRoot()).All())
        {
            var (status, text, errors) = Tool.Run("mandoc", "-T", "ascii", pages[verb.Page]);
            Assert.True(status == 0, errors);

            // Bold and italic letters are struck over each other.
            var plain = Plain(Regex.Replace(text, ".\u0008", ""));
            foreach (var said in verb.Paragraphs.Concat(verb.Options.SelectMany(Verb.Names)).Append(verb.Command.Description!))
            {
                Assert.Contains(Plain(said), plain, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void The_day_on_a_page_can_be_set_and_pages_do_not_change_then()
    {
        var environment = new Dictionary<string, string> { ["SOURCE_DATE_EPOCH"] = "86400" };
        var (status, output, errors) = Tool.Run(SamepageCommand.Executable, ["man", "samepage"], environment);
        Assert.True(status == 0, errors);
        Assert.StartsWith(".TH \"SAMEPAGE\" 1 1970-01-02 ", output, StringComparison.Ordinal);
        Assert.Equal(output, Tool.Run(SamepageCommand.Executable, ["man", "samepage"], environment).Output);
    }

    [Fact]
    public void What_cannot_be_done_is_said()
    {
        Assert.Equal(2, SamepageCommand.Run("man").Status);
        Assert.Equal(2, SamepageCommand.Run("man", "samepage", "--to", _directory).Status);
        var (status, output, errors) = SamepageCommand.Run("man", "no-such-page");
        Assert.Equal((2, ""), (status, output));
        Assert.Contains("there is no page 'no-such-page'; there are samepage, ", errors, StringComparison.Ordinal);
        var dry = SamepageCommand.Run("man", "--to", Path.Combine(_directory, "dry"), "--dry-run");
        Assert.Equal(0, dry.Status);
        Assert.Contains($"would write {_directory}/dry/man1/samepage.1\n", dry.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_directory, "dry")));
        File.WriteAllText(Path.Combine(_directory, "file"), "");
        Assert.Equal(1, SamepageCommand.Run("man", "--to", Path.Combine(_directory, "file")).Status);
    }

    private static void SkipWithout(string tool) =>
        Assert.SkipUnless(Tool.Run("sh", "-c", $"command -v {tool}").Status == 0, $"{tool} is not installed");

    /// <summary>Letters and digits: how a line is broken and which quotes a terminal has is left out.</summary>
    private static string Plain(string text) => string.Concat(text.Where(char.IsAsciiLetterOrDigit));

    private List<string> Write()
    {
        var (status, _, errors) = SamepageCommand.Run("man", "--to", _directory);
        Assert.True(status == 0, errors);
        return [.. Directory.EnumerateFiles(_directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
    }
}
