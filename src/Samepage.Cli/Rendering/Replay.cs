using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Governing;
using Samepage.Server.History;
using Samepage.Server.History.Recording;
using Samepage.Server.Loop;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>A record, as it is shown.</summary>
/// <param name="Head">What it is of.</param>
/// <param name="History">What was; null where the record has no history.</param>
/// <param name="Governor">What the governor decides now; null where the record has no samples.</param>
internal sealed record Replay(RecordHead Head, HistoryAnswer? History, GovernorStory? Governor);

/// <summary>What the governor decides over a record's samples.</summary>
/// <param name="Samples">How many there are.</param>
/// <param name="Seconds">From the first of them to the last.</param>
/// <param name="SecondsByMode">How long it is in each of its modes.</param>
/// <param name="Changes">When it decides otherwise than before.</param>
internal sealed record GovernorStory(int Samples, double Seconds, IReadOnlyDictionary<string, double> SecondsByMode, IReadOnlyList<GovernorStory.Change> Changes)
{
    public static GovernorStory Of(IReadOnlyList<HostSample> samples, IReadOnlyList<GovernorDecision> decisions)
    {
        var begin = samples[0].At;
        var times = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var (decision, next) in decisions.Zip(decisions.Skip(1).Select(decision => decision.At).Append(samples[^1].At)))
        {
            times[Word(decision.Mode)] = times.GetValueOrDefault(Word(decision.Mode)) + (next - decision.At).TotalSeconds;
        }

        return new GovernorStory(samples.Count, (samples[^1].At - begin).TotalSeconds, times, [.. GovernorReplay.Changes(decisions).Select(decision =>
            new Change((decision.At - begin).TotalSeconds, Word(decision.Mode), OrderWords.Of(decision.Order), decision.Reason))]);
    }

    private static string Word(GovernorMode mode) => JsonNamingPolicy.SnakeCaseLower.ConvertName(mode.ToString());

    /// <summary>A decision that differs from the one before.</summary>
    /// <param name="AtSeconds">Since the first sample.</param>
    /// <param name="Mode">The governor's mode.</param>
    /// <param name="Order">What ksmd is to do.</param>
    /// <param name="Reason">Why.</param>
    internal sealed record Change(double AtSeconds, string Mode, string Order, string Reason);
}

/// <summary>A record as <c>samepage.replay/1</c>.</summary>
internal static class ReplayJson
{
    /// <summary>The schema's name.</summary>
    public const string SchemaName = "samepage.replay/1";

    public static byte[] Write(Replay replay)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("schema", SchemaName);
            json.WritePropertyName("record");
            JsonSerializer.Serialize(json, replay.Head, ReplayContext.Default.RecordHead);
            json.WritePropertyName("history");
            json.WriteRawValue(replay.History?.ToJson() ?? "null"u8.ToArray());
            json.WritePropertyName("governor");
            JsonSerializer.Serialize(json, replay.Governor, ReplayContext.Default.GovernorStory);
            json.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RecordHead))]
[JsonSerializable(typeof(GovernorStory))]
internal sealed partial class ReplayContext : JsonSerializerContext;

/// <summary>A record for people.</summary>
internal static class ReplayText
{
    private const int ChangesShown = 30;

    public static void Write(IAnsiConsole console, Replay replay)
    {
        var (head, machine) = (replay.Head, replay.Head.Machine);
        StatusText.Line(console, "record", $"taken {head.TakenAt.ToLocalTime():yyyy-MM-dd HH:mm:ss} by samepage {Readable.Name(head.Samepage)}");
        StatusText.Line(console, "machine", $"Linux {Readable.Name(machine.Kernel)}, {Readable.Count(machine.CpuCount, "CPU", "CPUs")} ({Readable.Name(machine.Cpu)}), {Readable.Size(machine.MemoryBytes)}");
        console.WriteLine();
        if (replay.History is { } history)
        {
            HistoryText.Write(console, history);
        }
        else
        {
            console.WriteText("it has no history");
        }

        if (replay.Governor is { } governor)
        {
            Write(console, governor);
        }
    }

    private static void Write(IAnsiConsole console, GovernorStory governor)
    {
        console.WriteHeading($"What this governor decides over {Readable.Count(governor.Samples, "sample", "samples")} of {Readable.Seconds(governor.Seconds)}");
        foreach (var (mode, seconds) in governor.SecondsByMode)
        {
            StatusText.Line(console, mode.Replace('_', ' '), Readable.Seconds(seconds));
        }

        foreach (var change in governor.Changes.Take(ChangesShown))
        {
            console.WriteParagraph(FormattableString.Invariant($"{change.AtSeconds,8:0.0} s  {change.Mode}, {change.Order}: {Readable.Name(change.Reason)}"), indent: 12);
        }

        if (governor.Changes.Count > ChangesShown)
        {
            console.WriteText($"and {Readable.Count(governor.Changes.Count - ChangesShown)} more; --json has all of them", "dim");
        }
    }
}
