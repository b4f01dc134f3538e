using System.Diagnostics;
using System.Globalization;
using Samepage.Cli;
using Samepage.Cli.Words;
using Samepage.Linux.Proc;
using Samepage.Scenarios;

namespace Samepage.SystemTests.Words;

/// <summary>Completion in real shells: on a terminal, where a tab is typed, and for each verb, by asking the shell.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-completion-").FullName;
    private readonly string _socket = $"samepage-test-{Guid.NewGuid():N}";

    public void Dispose()
    {
        // A shell writes its history into its home as its terminal goes: the home stays until the shell has gone.
        var proc = new ProcFs();
        var (_, panes, _) = Tool.Run("tmux", "-L", _socket, "list-panes", "-a", "-F", "#{pane_pid}");
        var shells = panes.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(pane => ProcessTree.Of(proc, int.Parse(pane, CultureInfo.InvariantCulture)))
            .Select(pid => ProcessStat.TryRead(proc, pid))
            .OfType<ProcessStat>()
            .ToList();
        _ = Tool.Run("tmux", "-L", _socket, "kill-server");
        foreach (var shell in shells)
        {
            ProcessTree.AwaitEnd(proc, shell.Pid, shell.StartTicks, TimeSpan.FromSeconds(10));
        }

        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>A user types the beginning of a verb, of an option and of a word, each with a tab behind it.</summary>
    [Theory]
    [InlineData("bash", "bash --norc --noprofile -i", "source")]
    [InlineData("zsh", "zsh -f -i", "autoload -Uz compinit; compinit -D; source")]
    [InlineData("fish", "fish --no-config -i", "source")]
    public void A_tab_completes(string shell, string command, string load)
    {
        SkipWithout(shell);
        SkipWithout("tmux");
        var script = Write(shell);
        Tmux(["-f", "/dev/null", "new-session", "-d", "-x", "150", "-y", "40", "env", $"HOME={_directory}", "PS1=prompt> ", "TERM=screen", .. command.Split(' ')]);
        Type($"{load} {script}; echo lo''aded\n");
        Until("loaded", () => Pane().Split('\n').Any(line => line.Trim() == "loaded"));
        Completes("samepage comple", "samepage completions ");
        Completes("samepage run --eng", "samepage run --engine ");
        Completes("samepage run --engine ke", "samepage run --engine kernel ");
        Completes("samepage migrate ksm", "samepage migrate ksmtuned ");
    }

    /// <summary>Each verb, each of its options, and each word that an option may have.</summary>
    [Fact]
    public void Bash_knows_everything()
    {
        SkipWithout("bash");
        var script = Write("bash");
        AssertAll(lines => Ask("bash", "--norc", $"source {script}\n" + string.Concat(lines.Select(line =>
            $"COMP_WORDS=({line} ''); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _samepage; verbs=(\"${{COMPREPLY[@]}}\")\n"
            + $"COMP_WORDS=({line} -); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _samepage; echo \"${{verbs[@]}} ${{COMPREPLY[@]}}\"\n"))));
    }

    [Fact]
    public void Fish_knows_everything()
    {
        SkipWithout("fish");
        var script = Write("fish");
        AssertAll(lines => Ask("fish", "--no-config", $"source {script}\n" + string.Concat(lines.Select(line =>
            $"echo (complete -C '{line} ' | string replace -r '\\t.*' '') (complete -C '{line} -' | string replace -r '\\t.*' '')\n"))));
    }

    [Theory]
    [InlineData("bash", "-n")]
    [InlineData("zsh", "-n")]
    [InlineData("fish", "--no-execute")]
    public void A_script_is_one(string shell, string check)
    {
        SkipWithout(shell);
        Assert.Equal((0, "", ""), Tool.Run(shell, check, Write(shell)));
    }

    [Fact]
    public void Another_shell_is_refused() => Assert.Equal(2, SamepageCommand.Run("completions", "csh").Status);

    private static void AssertAll(Func<List<string>, string[]> ask)
    {
        var verbs = Verb.Root(Program.CreateRoot()).All().ToList();
        var questions = verbs.Select(verb => (Line: verb.Typed, Wanted: verb.Below.Select(below => below.Path[^1]).Concat(verb.Options.SelectMany(Verb.Names))))
            .Concat(from verb in verbs
                    from option in verb.Options
                    let words = OptionValue.Of(option).Words
                    where words.Count > 0
                    select (Line: $"{verb.Typed} {option.Name}", Wanted: (IEnumerable<string>)words)).ToList();
        var answers = ask([.. questions.Select(question => question.Line)]);
        Assert.Equal(questions.Count, answers.Length);
        foreach (var (question, answer) in questions.Zip(answers))
        {
            var offered = answer.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Assert.All(question.Wanted, word => Assert.True(offered.Contains(word), $"{question.Line}: {word} is not offered, but {answer}"));
        }
    }

    private static string[] Ask(string shell, string option, string script)
    {
        var (status, output, errors) = Tool.Run(shell, option, "-c", script);
        Assert.True(status == 0 && errors.Length == 0, errors);
        return output.TrimEnd('\n').Split('\n');
    }

    private void Completes(string typed, string whole)
    {
        Type(typed + "\t");
        Until($"'{whole}' from '{typed}'", () => Pane().Contains(whole.TrimEnd(), StringComparison.Ordinal));
        Tmux("send-keys", "C-u");
        Tmux("send-keys", "C-l");
        Until("an empty line", () => !Pane().Contains("samepage", StringComparison.Ordinal));
    }

    private string Write(string shell)
    {
        var (status, output, errors) = SamepageCommand.Run("completions", shell);
        Assert.True(status == 0, errors);
        var script = Path.Combine(_directory, $"completion.{shell}");
        File.WriteAllText(script, output);
        return script;
    }

    private static void SkipWithout(string tool) =>
        Assert.SkipUnless(Tool.Run("sh", "-c", $"command -v {tool}").Status == 0, $"{tool} is not installed");

    private void Until(string what, Func<bool> holds)
    {
        for (var clock = Stopwatch.StartNew(); !holds(); Thread.Sleep(50))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15), $"{what} did not come: {Pane()}");
        }
    }

    private void Type(string keys) => Tmux("send-keys", "-l", keys);

    private string Pane() => Tmux("capture-pane", "-p");

    private string Tmux(params string[] arguments)
    {
        var (status, output, errors) = Tool.Run("tmux", ["-L", _socket, .. arguments]);
        Assert.True(status == 0, errors);
        return output;
    }
}
