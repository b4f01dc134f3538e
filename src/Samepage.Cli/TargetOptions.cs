using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Samepage.Linux.Proc;
using Samepage.Targets;

namespace Samepage.Cli;

/// <summary>The options by which every verb chooses its processes.</summary>
internal sealed class TargetOptions
{
    private readonly Option<string[]> _pid = new("--pid") { Description = "Processes by number: N[,N...]", HelpName = "N[,N]" };
    private readonly Option<string?> _comm = new("--comm") { Description = "Processes whose command name matches a regular expression", HelpName = "REGEX" };
    private readonly Option<string?> _cgroup = new("--cgroup") { Description = "Processes in a control group and below it", HelpName = "PATH" };
    private readonly Option<string?> _user = new("--user") { Description = "Processes of a user, by name or number", HelpName = "NAME" };
    private readonly Option<string?> _tree = new("--tree") { Description = "A process and its descendants", HelpName = "PID" };
    private readonly Option<bool> _all = new("--all") { Description = "Every process that you may read (never pid 1 or kernel threads)" };

    /// <summary>Adds the options to a verb.</summary>
    public TargetOptions AddTo(Command command)
    {
        foreach (var option in new Option[] { _pid, _comm, _cgroup, _user, _tree, _all })
        {
            command.Options.Add(option);
        }

        return this;
    }

    /// <summary>Reads what was asked for.</summary>
    /// <exception cref="CommandFailure">A value is not of the option's form.</exception>
    public TargetQuery Query(ParseResult parsed) => new()
    {
        Pids = [.. (parsed.GetValue(_pid) ?? []).SelectMany(Pids)],
        CommandName = parsed.GetValue(_comm) is { } pattern ? Pattern(pattern) : null,
        ControlGroup = parsed.GetValue(_cgroup) is { } group ? NotEmpty("--cgroup", group) : null,
        UserId = parsed.GetValue(_user) is { } user ? UserNumber("--user", user) : null,
        TreeRoot = parsed.GetValue(_tree) is { } root ? Pid("--tree", root) : null,
        All = parsed.GetValue(_all),
    };

    /// <summary>The processes that were asked for; at least one.</summary>
    /// <exception cref="CommandFailure">Nothing was asked for, or a value is not of the option's form.</exception>
    /// <exception cref="TargetException">Nothing matched, or a named process cannot be a target.</exception>
    public IReadOnlyList<TargetProcess> Resolve(ParseResult parsed, ProcFs proc)
    {
        var query = Query(parsed);
        return query.IsEmpty
            ? throw new CommandFailure(ExitCode.Usage, "no target; name one with --pid, --comm, --cgroup, --user, --tree or --all")
            : new TargetResolver(proc).Resolve(query);
    }

    /// <summary>
    /// The same for verbs that act on each process by itself: of several named processes those that cannot be targets are
    /// reported and left out.
    /// </summary>
    /// <exception cref="CommandFailure">Nothing was asked for, or a value is not of the option's form.</exception>
    /// <exception cref="TargetException">Nothing at all is left.</exception>
    public IReadOnlyList<TargetProcess> ResolveEach(ParseResult parsed, ProcFs proc, Action<int, string> refused)
    {
        var query = Query(parsed);
        if (query.Pids.Count < 2)
        {
            return Resolve(parsed, proc);
        }

        var resolver = new TargetResolver(proc);
        var found = new List<TargetProcess>();
        foreach (var pid in query.Pids.Distinct().Order())
        {
            try
            {
                found.AddRange(resolver.Resolve(query with { Pids = [pid] }));
            }
            catch (TargetException unsuitable)
            {
                refused(pid, unsuitable.Message);
            }
        }

        return found;
    }

    private static IEnumerable<int> Pids(string list)
    {
        foreach (var part in list.Split(',', StringSplitOptions.TrimEntries))
        {
            yield return Pid("--pid", part);
        }
    }

    private static int Pid(string option, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && pid > 0
            ? pid
            : throw new CommandFailure(ExitCode.Usage, $"{option} wants a process number such as 4711, not '{text}'");

    /// <summary>An empty value is most often an unset variable; it must not come to mean everybody.</summary>
    private static string NotEmpty(string option, string text) =>
        text.Length > 0 ? text : throw new CommandFailure(ExitCode.Usage, $"{option} is empty; say what is meant, or leave it out");

    private static Regex Pattern(string pattern)
    {
        _ = NotEmpty("--comm", pattern);
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw new CommandFailure(ExitCode.Usage, $"--comm '{pattern}' is not a regular expression: {error.Message}");
        }
    }

    /// <summary>Reads a user's name or number.</summary>
    /// <exception cref="CommandFailure">No user of this machine has that name.</exception>
    public static uint UserNumber(string option, string user)
    {
        _ = NotEmpty(option, user);
        return new UserNames().Number(user)
            ?? throw new CommandFailure(ExitCode.Usage, $"{option} '{user}' is not a user of this machine");
    }
}
