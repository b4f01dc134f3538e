using System.Text.RegularExpressions;
using Samepage.Cli;
using Samepage.Cli.Words;

namespace Samepage.SystemTests.Docs;

/// <summary>
/// What the documentation has its readers type is run, page by page, or says why not; what it only mentions must at least
/// be a verb with such options.
/// </summary>
public sealed partial class DocumentTests
{
    private static readonly string s_root = SamepageCommand.Repository;

    /// <summary>README and all pages of docs.</summary>
    public static TheoryData<string> Pages => [.. AllPages()];

    /// <summary>Those of them with commands to run.</summary>
    public static TheoryData<string> PagesWithCommands => [.. AllPages().Where(page => Blocks(page).Any(IsRun))];

    [Theory]
    [MemberData(nameof(PagesWithCommands))]
    public void Its_commands_do_what_the_page_says(string page)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs namespaces of its own");
        var blocks = Blocks(page).Where(IsRun).ToList();
        var needsKsmd = blocks.Exists(block => block.NeedsKsmd);
        using var lease = needsKsmd ? KsmdLease.Take() : null;
        var said = DocumentHost.Run(blocks.SelectMany(block => block.Commands), needsKsmd);
        Assert.True(said.Length == 0, $"{page}: {said}");
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Each_block_is_run_or_says_why_not(string page) =>
        Assert.Empty(Blocks(page).Where(block => block.Fault is not null).Select(block => $"{block.Page}:{block.Line}: {block.Fault}"));

    [Theory]
    [MemberData(nameof(Pages))]
    public void What_a_page_mentions_exists(string page)
    {
        var text = File.ReadAllText(Path.Combine(s_root, page));
        var mentioned = MentionPattern().Matches(text).Select(match => match.Groups[1].Value)
            .Concat(Blocks(page).Where(block => !block.IsOthers).SelectMany(block => block.Commands).SelectMany(command => InCommandPattern().Matches(command.Text).Select(match => match.Groups[1].Value)));
        Assert.Empty(mentioned.Select(Objection).OfType<string>());
    }

    [Theory]
    [InlineData("no-such-verb --json")]
    [InlineData("estimate --no-such-option")]
    [InlineData("migrate xen")]
    public void What_does_not_exist_is_noticed(string words) => Assert.NotNull(Objection(words));

    /// <summary>The positive control: what fails, and what ends otherwise than said, is noticed.</summary>
    [Theory]
    [InlineData("samepage doctor --no-such-option", 0, "line 1 ended with 2, not 0")]
    [InlineData("samepage estimate --pid 4711", 6, "line 1 ended with 0, not 6")]
    public void A_command_that_fails_is_noticed(string command, int status, string said)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs namespaces of its own");
        Assert.Contains(said, DocumentHost.Run([(1, command, status)], mayChangeKsmd: false), StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_that_does_not_say_so_cannot_turn_ksmd_s_knobs()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs namespaces of its own");
        using var lease = KsmdLease.Take();
        var before = lease.Settings();
        Assert.Equal("", DocumentHost.Run([(1, "echo 12345 > /sys/kernel/mm/ksm/pages_to_scan", 0), (2, "samepage enable --comm qemu", 0)], mayChangeKsmd: false));
        Assert.Equal(before, lease.Settings());
    }

    [Fact]
    public void Blocks_are_found_with_what_is_said_of_them()
    {
        var blocks = DocumentBlock.Of("page.md", "a\n\n<!-- not run: needs a moon base -->\n\n```console\n$ one \\\n  two\nprinted\n$ three   # exit 6\n```\n\n```sh\nfour\n```\n\n    samepage five\n\n<!-- run: somehow -->\n```console\n$ x\n```\n");
        Assert.Equal(["needs a moon base", null, null, null], blocks.Select(block => block.NotRunBecause));
        Assert.Equal([(6, "one \\\n  two", 0), (9, "three   # exit 6", 6)], blocks[0].Commands);
        Assert.Equal([true, false, false, false], blocks.Select(block => block.Fault is null));
    }

    /// <summary>Else the shell would take all that follows for text, and run none of it.</summary>
    [Fact]
    public void A_here_document_is_a_part_of_its_command()
    {
        var blocks = DocumentBlock.Of("page.md", "```console\n$ cat > file <<'END'   # exit 1\n$ not a command\nEND\n$ two\n```\n\n```console\n$ cat <<END\nnever ends\n```\n");
        Assert.Equal([(2, "cat > file <<'END'   # exit 1\n$ not a command\nEND", 1), (5, "two", 0)], blocks[0].Commands);
        Assert.Equal([null, "a here-document that does not end"], blocks.Select(block => block.Fault));
    }

    private static bool IsRun(DocumentBlock block) => block.NotRunBecause is null && !block.IsOthers && block.Commands.Any();

    private static IReadOnlyList<DocumentBlock> Blocks(string page) => DocumentBlock.Of(page, File.ReadAllText(Path.Combine(s_root, page)));

    private static IEnumerable<string> AllPages() => Directory.EnumerateFiles(Path.Combine(s_root, "docs"), "*.md", SearchOption.AllDirectories)
        .Append(Path.Combine(s_root, "README.md")).Select(file => Path.GetRelativePath(s_root, file))
        .Where(page => !page.StartsWith("docs/decisions/", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    /// <summary>Why words behind "samepage" are none that it understands; null where they are.</summary>
    private static string? Objection(string words)
    {
        var (verb, rest) = (Verb.Root(Program.CreateRoot()), words.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var hidden = Program.CreateRoot().Subcommands.Where(command => command.Hidden).Select(command => command.Name);
        if (rest is [var only, ..] && hidden.Contains(only))
        {
            return null;
        }

        for (; rest.Length > 0 && verb.Below.Any() && !rest[0].StartsWith('-'); rest = rest[1..])
        {
            if (verb.Below.FirstOrDefault(below => below.Path[^1] == rest[0].TrimEnd(',', '.')) is not { } next)
            {
                return WordPattern().IsMatch(rest[0]) ? $"'{verb.Typed}' has no '{rest[0]}'" : null;
            }

            verb = next;
        }

        var names = verb.Options.SelectMany(Verb.Names).Append("--version").ToHashSet();
        return rest.TakeWhile(word => word != "--").Select(word => OptionPattern().Match(word)).FirstOrDefault(option => option.Success && !names.Contains(option.Groups[1].Value)) is { } unknown
            ? $"'{verb.Typed}' has no {unknown.Groups[1].Value}"
            : null;
    }

    /// <summary>In a sentence: `samepage estimate --json`.</summary>
    [GeneratedRegex("(?<=[ (|\n])`(?:\\./)?samepage ([^`\n]+)`")]
    private static partial Regex MentionPattern();

    /// <summary>In a command: at its start, behind a sign of the shell, or behind sudo.</summary>
    [GeneratedRegex("(?:^|[|;&(] *|sudo |\\$\\()(?:\\./)?samepage ([^|;&)#>]+)", RegexOptions.Multiline)]
    private static partial Regex InCommandPattern();

    [GeneratedRegex("^\\[?(--[a-z][a-z-]*)")]
    private static partial Regex OptionPattern();

    [GeneratedRegex("^[a-z][a-z-]*$")]
    private static partial Regex WordPattern();
}
