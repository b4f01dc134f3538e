using System.CommandLine;
using Samepage.Governing;
using Samepage.Server.History;

namespace Samepage.Cli;

/// <summary>The options that say where the history is, alike in all verbs that read it.</summary>
internal sealed class HistoryPlace
{
    private readonly Option<string?> _config = PolicyOption.Create();
    private readonly Option<string?> _state = new("--state") { Description = "The daemon's state directory, where the policy names no file (default: /var/lib/samepage)", HelpName = "DIR" };
    private readonly Option<string?> _file = new("--file") { Description = "Read this history, whatever the policy says", HelpName = "FILE" };

    /// <summary>Adds them to a verb.</summary>
    public HistoryPlace AddTo(Command command)
    {
        command.Options.Add(_file);
        command.Options.Add(_state);
        command.Options.Add(_config);
        return this;
    }

    /// <summary>The policy that the daemon is taken to follow.</summary>
    public Policies.Policy Policy(ParseResult parsed) => PolicyOption.Load(parsed, _config);

    /// <summary>The file, which may not be there.</summary>
    public string Path(ParseResult parsed) => System.IO.Path.GetFullPath(
        parsed.GetValue(_file) ?? Policy(parsed).History.Path ?? System.IO.Path.Combine(parsed.GetValue(_state) ?? StateDirectory.Default, HistoryOptions.FileName));

    /// <summary>Opens it.</summary>
    /// <exception cref="CommandFailure">It is not there, may not be read, or is none.</exception>
    public HistoryReader Open(ParseResult parsed) => Open(Path(parsed));

    /// <summary>Opens a file.</summary>
    /// <exception cref="CommandFailure">It is not there, may not be read, or is none.</exception>
    public static HistoryReader Open(string path)
    {
        try
        {
            // SQLite would only say that it cannot open it.
            File.OpenHandle(path).Dispose();
            return new HistoryReader(path);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandFailure(ExitCode.Failed, $"there is no history at {path}; 'samepage serve' keeps one, and --file names another");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CommandFailure(ExitCode.NotPermitted, $"{path} may not be read; run as root, or name another with --file");
        }
    }
}
