using Samepage.Governing;
using Samepage.Guarding;
using Samepage.Linux.Proc;
using Samepage.Merging.User.Keeping;
using Samepage.Server.Loop;
using Samepage.Targets;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>What <c>top</c> shows and how keys change it; knows nothing of terminals.</summary>
internal sealed class TopScreen(
    ProcFs proc, MergingReader reader, TargetQuery query, Func<IReadOnlyList<DomainReport>>? askDomains = null, Func<DaemonStatus?>? askDaemon = null)
{
    private static readonly (char Key, string Name, Func<ProcessMerging, IComparable> Order, bool Descends)[] s_orders =
    [
        ('s', "saved", process => process.SavedBytes, true),
        ('p', "profit", process => process.ProfitBytes, true),
        ('m', "merged", process => process.MergedPages, true),
        ('z', "zero", process => process.ZeroPages, true),
        ('n', "name", process => process.Name, false),
        ('i', "pid", process => process.Pid, false),
    ];

    private readonly ConvergenceTracker _tracker = new();
    private HostMerging? _host;
    private HostCoverage? _coverage;
    private ProcessSurvey? _survey;
    private ConvergenceVerdict? _verdict;
    private KsmdPace? _pace;
    private IReadOnlyList<DomainReport> _domains = [];
    private DaemonStatus? _daemon;
    private string? _trouble;
    private int _order;
    private bool _isReversed;

    /// <summary>The user wants to leave.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>There is something to show.</summary>
    public bool HasLooked => _host is not null;

    /// <summary>Looks at host and processes anew.</summary>
    public void Look()
    {
        _domains = askDomains?.Invoke() ?? [];
        _daemon = askDaemon?.Invoke();
        var before = _host;
        _host = reader.ReadHost();
        _coverage = reader.TryReadCoverage(_domains);
        _pace = before is null ? null : KsmdPace.Between(before.KsmdCpuSeconds, before.Sample.TakenAt, _host);
        var everybody = reader.ReadProcesses(null);
        _verdict = DaemonQuery.Beside(_daemon, _tracker.Observe(_host.Sample with { HasUnscannedProcess = everybody.HasUnscanned }), everybody.HasUnscanned);
        try
        {
            _survey = query.IsEmpty ? everybody : reader.ReadProcesses(new TargetResolver(proc).Resolve(query));
            _trouble = null;
        }
        catch (TargetException gone)
        {
            _survey = new ProcessSurvey([], 0, 0, false, false);
            _trouble = gone.Message;
        }
    }

    /// <summary>Takes keys; those that mean nothing are ignored, and an escape sequence is none of them.</summary>
    public void Press(string keys)
    {
        foreach (var key in keys.StartsWith('\e') ? "" : keys.ToLowerInvariant())
        {
            var order = Array.FindIndex(s_orders, entry => entry.Key == key);
            IsClosed |= key == 'q';
            _isReversed ^= key == 'r';
            if (order >= 0)
            {
                (_order, _isReversed) = (order, false);
            }
        }
    }

    /// <summary>The screen as lines that fit it.</summary>
    public IReadOnlyList<string> Lines(int columns, int rows)
    {
        if (_host is null || _survey is null || _verdict is null)
        {
            return [];
        }

        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = Math.Max(40, columns);
        StatusText.WriteHost(console, _host, _coverage, _verdict, _pace);
        DaemonText.Write(console, _daemon);
        console.WriteLine();
        var heading = text.ToString().Count(letter => letter == '\n');
        StatusText.WriteProcesses(console, Ordered());
        if (_domains.Any(domain => domain.Members.Count > 0))
        {
            console.WriteLine();
            DomainText.WriteMembers(console, _domains);
        }

        var lines = text.ToString().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n').Select(line => Cut(line, columns)).ToList();
        lines[heading] = $"\e[7m{lines[heading].PadRight(columns)}\e[0m";
        return Frame(lines, columns, rows);
    }

    private static string Cut(string line, int columns) => line.GetCellWidth() <= columns
        ? line
        : string.Concat(line.EnumerateRunes().Take(columns / 2 > 0 && line.GetCellWidth() != line.Length ? columns / 2 : columns));

    private List<ProcessMerging> Ordered()
    {
        var (_, _, order, descends) = s_orders[_order];
        var sorted = descends != _isReversed ? _survey!.Shown.OrderByDescending(order) : _survey!.Shown.OrderBy(order);
        return [.. sorted.ThenBy(process => process.Pid)];
    }

    /// <summary>The last row says what the keys do; the one before it, where there is something to say, what is not shown.</summary>
    private List<string> Frame(List<string> lines, int columns, int rows)
    {
        var keys = string.Join("  ", s_orders.Select(entry => $"{entry.Key} {entry.Name}")) + "  r reverse  q quit";
        List<string> foot = [Cut($"by {s_orders[_order].Name}{(_isReversed ? ", reversed" : "")}   {keys}", columns)];
        if ((_trouble ?? StatusText.Rest(_survey!)) is { } note)
        {
            foot.Insert(0, Cut(note, columns));
        }

        var room = Math.Max(0, rows - foot.Count);
        var shown = lines.Take(room).ToList();
        while (shown.Count < room)
        {
            shown.Add("");
        }

        return [.. shown.Concat(foot).Take(Math.Max(1, rows))];
    }
}
