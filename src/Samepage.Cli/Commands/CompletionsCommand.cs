using System.CommandLine;
using Samepage.Cli.Words;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage completions</c>: a script that lets a shell complete verbs, options and values.</summary>
internal static class CompletionsCommand
{
    public static Command Create()
    {
        var shell = new Argument<string>("bash|zsh|fish") { Description = "The shell" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completions", "Print a script that lets a shell complete verbs, options and values.") { shell };
        Manual.Add(
            command,
            "The script is made from the definitions of the verbs and asks nobody when it is used: completing starts no process. Where it goes: bash /usr/share/bash-completion/completions/samepage, zsh a file _samepage in a directory of $fpath, fish ~/.config/fish/completions/samepage.fish. To try it in bash: eval \"$(samepage completions bash)\".",
            "Exit status: 0 done; 2 no such shell.");
        command.SetVerb((parsed, _) =>
        {
            var root = Verb.Root((RootCommand)parsed.RootCommandResult.Command);
            Console.Out.Write(parsed.GetValue(shell) switch
            {
                "bash" => BashCompletion.Write(root),
                "zsh" => ZshCompletion.Write(root),
                _ => FishCompletion.Write(root),
            });
            return ExitCode.Done;
        });
        return command;
    }
}
