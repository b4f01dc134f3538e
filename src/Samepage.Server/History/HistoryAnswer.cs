using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Samepage.Governing;
using Samepage.Guarding;
using Samepage.Server.Loop;

namespace Samepage.Server.History;

/// <summary>A process that the history knows.</summary>
/// <param name="Identity">Who it is.</param>
/// <param name="FirstAt">When it was first seen with merged pages, in seconds since 1970.</param>
/// <param name="LastAt">And when last.</param>
public sealed record KnownProcess(ProcessIdentity Identity, long FirstAt, long LastAt);

/// <summary>A stretch of history, as <c>samepage.history/1</c>.</summary>
/// <param name="Query">What was asked.</param>
/// <param name="StepSeconds">The time between two points.</param>
/// <param name="Times">The beginnings of the points, in seconds since 1970, without gaps.</param>
/// <param name="Series">What the values are.</param>
/// <param name="Values">For each series a value for each time; null where nothing was kept.</param>
/// <param name="Processes">Those asked about or, where the host was, those that were there.</param>
/// <param name="Decisions">What was decided, the oldest first.</param>
/// <param name="DecisionsLeftOut">So many earlier ones were left out.</param>
public sealed record HistoryAnswer(
    HistoryQuery Query, long StepSeconds, IReadOnlyList<long> Times, ImmutableArray<HistorySeries> Series, IReadOnlyList<double?[]> Values,
    IReadOnlyList<KnownProcess> Processes, IReadOnlyList<Decision> Decisions, long DecisionsLeftOut)
{
    /// <summary>The schema's name.</summary>
    public const string SchemaName = "samepage.history/1";

    /// <summary>The governor's modes in the order of their numbers in <c>governor_mode</c>.</summary>
    public static ImmutableArray<string> GovernorModes { get; } = [.. Enum.GetNames<GovernorMode>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName), "absent"];

    /// <summary>The guard's levels in the order of their numbers in <c>guard_level</c>.</summary>
    public static ImmutableArray<string> GuardLevels { get; } = [.. Enum.GetNames<GuardLevel>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];

    /// <summary>As JSON.</summary>
    public byte[] ToJson() => ToJson(new ArrayBufferWriter<byte>());

    /// <summary>As JSON.</summary>
    /// <param name="room">Written anew; who answers often keeps one.</param>
    public byte[] ToJson(ArrayBufferWriter<byte> room)
    {
        room.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(room))
        {
            Write(json);
        }

        return room.WrittenSpan.ToArray();
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("schema", SchemaName);
        json.WriteString("about", Query.About ?? "host");
        json.WriteNumber("from", Query.From);
        json.WriteNumber("to", Query.To);
        json.WriteNumber("step_seconds", StepSeconds);
        Array(json, "times", Times, json.WriteNumberValue);
        json.WriteStartObject("series");
        for (var i = 0; i < Series.Length; i++)
        {
            WriteSeries(json, Series[i], Values[i]);
        }

        json.WriteEndObject();
        Array(json, "governor_modes", GovernorModes, json.WriteStringValue);
        Array(json, "guard_levels", GuardLevels, json.WriteStringValue);
        Array(json, "processes", Processes, process => Write(json, process));
        Array(json, "decisions", Decisions, decision => Write(json, decision));
        json.WriteNumber("decisions_left_out", DecisionsLeftOut);
        json.WriteEndObject();
    }

    private static void WriteSeries(Utf8JsonWriter json, HistorySeries series, double?[] values)
    {
        json.WriteStartArray(series.Name);
        foreach (var value in values)
        {
            if (value is not { } number)
            {
                json.WriteNullValue();
            }
            else if (series.IsWhole)
            {
                json.WriteNumberValue((long)Math.Round(number));
            }
            else
            {
                // Six digits are more than any of these was measured to, and half the length.
                json.WriteNumberValue(Math.Round(number, 6));
            }
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, KnownProcess process)
    {
        json.WriteStartObject();
        json.WriteNumber("pid", process.Identity.Pid);
        json.WriteString("name", process.Identity.Name);
        json.WriteString("guest", process.Identity.Guest);
        json.WriteNumber("first_at", process.FirstAt);
        json.WriteNumber("last_at", process.LastAt);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Decision decision) => JsonSerializer.Serialize(json, decision, ServerJson.Default.Decision);

    private static void Array<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            write(item);
        }

        json.WriteEndArray();
    }
}
