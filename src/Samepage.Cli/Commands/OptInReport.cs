using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Merging.Kernel;

namespace Samepage.Cli.Commands;

/// <summary>What <c>enable</c>, <c>disable</c> and <c>unmerge</c> print: one line or one JSON entry for each process.</summary>
internal sealed class OptInReport(string verb, string done, bool dryRun, bool json)
{
    private readonly List<OptInEntry> _entries = [];
    private string? _unprinted;

    /// <summary>Takes up a process that could not even be chosen.</summary>
    public void Refuse(int pid, string message)
    {
        _entries.Add(new OptInEntry { Pid = pid, Name = "", Outcome = NameOf(InjectionOutcome.Unsuitable), Reason = message });
        StandardError.Tell(message);
    }

    /// <summary>Says that there was nothing to do, and where it was not possible to look.</summary>
    public void NothingMerged(int unseen)
    {
        if (!json)
        {
            Print(unseen == 0 ? "nothing is merged" : string.Create(
                CultureInfo.InvariantCulture, $"nothing is merged, as far as can be seen: {unseen} processes may not be looked at by you"));
        }
    }

    /// <summary>Takes up the outcome of a process.</summary>
    public void Add(TargetOutcome outcome)
    {
        var entry = new OptInEntry
        {
            Pid = outcome.Target.Pid,
            Name = outcome.Target.Name,
            Outcome = NameOf(outcome.Outcome),
            Reason = outcome.Reason,
            Stops = outcome.Stops,
            StoppedMicroseconds = Math.Round(outcome.Stopped.TotalMicroseconds, 1),
            LongestStopMicroseconds = Math.Round(outcome.LongestStop.TotalMicroseconds, 1),
            MergedPagesBefore = outcome.MergedPagesBefore,
            MergedPagesAfter = outcome.MergedPagesAfter,
        };
        _entries.Add(entry);
        if (outcome.Outcome is not (InjectionOutcome.Done or InjectionOutcome.Already))
        {
            StandardError.Tell($"process {entry.Pid} ({entry.Name}) {entry.Reason}");
        }
        else if (!json)
        {
            Print(Line(outcome));
        }
    }

    /// <summary>Prints what has to be printed at the end, and gives the exit status: that of the gravest outcome.</summary>
    /// <exception cref="CommandFailure">The work is done, but something of the report could not be printed.</exception>
    public int Finish(bool? ksmdStarted)
    {
        if (json)
        {
            var document = new OptInDocument
            {
                Schema = OptInDocument.SchemaOf(verb),
                DryRun = dryRun,
                KsmdStarted = ksmdStarted,
                Targets = _entries,
            };
            Print(JsonSerializer.Serialize(document, OptInJson.Default.OptInDocument));
        }

        if (_unprinted is not null)
        {
            throw new CommandFailure(ExitCode.Failed, $"the report could not be printed: {_unprinted}");
        }

        return Status(InjectionOutcome.Failed, ExitCode.Failed)
            ?? Status(InjectionOutcome.NotPermitted, ExitCode.NotPermitted)
            ?? Status(InjectionOutcome.RefusedByGuard, ExitCode.RefusedByGuard)
            ?? Status(InjectionOutcome.Unsuitable, ExitCode.TargetUnsuitable)
            ?? Status(InjectionOutcome.Gone, ExitCode.TargetUnsuitable)
            ?? Status(InjectionOutcome.Cancelled, ExitCode.Failed)
            ?? ExitCode.Done;
    }

    private static string NameOf(InjectionOutcome outcome) => outcome switch
    {
        InjectionOutcome.Done => "done",
        InjectionOutcome.Already => "already",
        InjectionOutcome.Gone => "gone",
        InjectionOutcome.Unsuitable => "unsuitable",
        InjectionOutcome.NotPermitted => "not_permitted",
        InjectionOutcome.RefusedByGuard => "refused_by_guard",
        InjectionOutcome.Cancelled => "cancelled",
        _ => "failed",
    };

    /// <summary>A report that nobody can read is no reason to leave the rest of the work undone.</summary>
    private void Print(string text)
    {
        try
        {
            Console.WriteLine(text);
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            _unprinted ??= unwritable.Message;
        }
    }

    private int? Status(InjectionOutcome outcome, int code) =>
        _entries.Exists(entry => entry.Outcome == NameOf(outcome)) ? code : null;

    private string Line(TargetOutcome outcome)
    {
        var what = outcome.Outcome == InjectionOutcome.Already ? outcome.Reason : dryRun ? $"would be {done}" : done;
        var pages = outcome.MergedPagesBefore == 0 ? ""
            : dryRun ? string.Create(CultureInfo.InvariantCulture, $", {outcome.MergedPagesBefore:n0} merged pages")
            : string.Create(CultureInfo.InvariantCulture, $", {outcome.MergedPagesBefore - outcome.MergedPagesAfter:n0} pages broken apart");
        var stop = outcome.Stops switch
        {
            0 => "",
            1 => string.Create(CultureInfo.InvariantCulture, $", one thread stopped for {outcome.LongestStop.TotalMicroseconds:0} us"),
            _ => string.Create(CultureInfo.InvariantCulture, $", {outcome.Stops} stops of at most {outcome.LongestStop.TotalMicroseconds:0} us"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{outcome.Target.Pid,8}  {outcome.Target.Name,-16} {what}{pages}{stop}");
    }
}

/// <summary>What was done to each process.</summary>
internal sealed record OptInDocument
{
    public required string Schema { get; init; }

    /// <summary>Nothing was touched.</summary>
    public required bool DryRun { get; init; }

    /// <summary>Whether ksmd was started; left out by verbs that never do.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? KsmdStarted { get; init; }

    /// <summary>The processes.</summary>
    public required IReadOnlyList<OptInEntry> Targets { get; init; }

    /// <summary>The name of the schema for a verb.</summary>
    public static string SchemaOf(string verb) => verb switch
    {
        "enable" => "samepage.enable/1",
        "disable" => "samepage.disable/1",
        _ => "samepage.unmerge/1",
    };
}

/// <summary>One process in it.</summary>
internal sealed record OptInEntry
{
    /// <summary>The process's number.</summary>
    public required int Pid { get; init; }

    /// <summary>Its command name; empty where it could not be chosen.</summary>
    public required string Name { get; init; }

    /// <summary>done, already, gone, unsuitable, not_permitted, refused_by_guard, cancelled or failed.</summary>
    public required string Outcome { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>How often a thread of it was stopped.</summary>
    public int Stops { get; init; }

    /// <summary>All of these stops together.</summary>
    public double StoppedMicroseconds { get; init; }

    /// <summary>The longest of them.</summary>
    public double LongestStopMicroseconds { get; init; }

    /// <summary>Its merged pages before.</summary>
    public long MergedPagesBefore { get; init; }

    /// <summary>Its merged pages after.</summary>
    public long MergedPagesAfter { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(OptInDocument))]
internal sealed partial class OptInJson : JsonSerializerContext;
