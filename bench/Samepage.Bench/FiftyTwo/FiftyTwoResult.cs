using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Samepage.Bench.Reporting;

namespace Samepage.Bench.FiftyTwo;

/// <summary>What runs of <c>samepage scenario fifty-two</c> came to, on which machine: the documents that they wrote, and a table of them.</summary>
internal sealed record FiftyTwoResult
{
    /// <summary>The version of this form.</summary>
    public const string SchemaName = "samepage.bench-fifty-two/1";

    /// <summary>A run writes a row a second; of those one in so many is kept.</summary>
    private const int RowStride = 20;

    private const double Gigabyte = 1L << 30;

    public string Schema { get; init; } = SchemaName;
    public required string Cpu { get; init; }
    public required int Processors { get; init; }
    public required long MemoryBytes { get; init; }
    public required string Kernel { get; init; }

    /// <summary>By what was run: <c>user</c>, <c>kernel</c>, <c>control</c>, and with <c>-full</c> beyond the number asked for.</summary>
    public required IReadOnlyDictionary<string, JsonObject> Runs { get; init; }

    /// <summary>Reads what was kept.</summary>
    public static FiftyTwoResult Read(string path) =>
        JsonSerializer.Deserialize<FiftyTwoResult>(File.ReadAllText(path), BenchOptions.Json) is { Schema: SchemaName } result
            ? result
            : throw new InvalidDataException($"{path} is not a result of the bench fifty-two");

    /// <summary>A run's document, with fewer rows.</summary>
    public static JsonObject Thinned(string document)
    {
        var run = JsonNode.Parse(document)!.AsObject();
        var rows = run["series"]!.AsArray();
        run["series"] = new JsonArray([.. rows.Where((_, at) => at % RowStride == 0 || at == rows.Count - 1).Select(row => row!.DeepClone())]);
        return run;
    }

    /// <summary>A row for each run.</summary>
    /// <param name="title">What a run is called.</param>
    /// <param name="head">The names of the columns.</param>
    public TextTable Table(Func<string, string> title, params string[] head)
    {
        var table = new TextTable(head);
        foreach (var (name, run) in Runs)
        {
            double Number(string field) => run[field]?.GetValue<double>() ?? 0;
            string Text(FormattableString text) => FormattableString.Invariant(text);
            table.Add(
                title(name), Text($"{Number("guests_up"):0}"), Text($"{Number("guests_verified"):0}"), Text($"{Number("oom_kills"):0}"),
                Text($"{Number("peak_bytes") / Gigabyte:0.0}"), Text($"{Number("swap_peak_bytes") / Gigabyte:0.0}"),
                name == "control" ? "—" : Text($"{Number("saved_bytes") / Gigabyte:0.0}"), name == "control" ? "—" : Text($"{Number("saved_share_percent"):0.0} %"),
                name == "control" ? "—" : Text($"{Number("cpu_seconds"):0}"), Text($"{Number("wall_seconds"):0}"));
        }

        return table;
    }

    /// <summary>What kept a further guest from coming, for each run that was stopped.</summary>
    public string Stops(Func<string, string> title) => string.Join('\n', Runs
        .Where(run => run.Value["stopped_by"] is not null)
        .Select(run => string.Create(CultureInfo.InvariantCulture, $"- {title(run.Key)}: {run.Value["stopped_by"]}.")));

    public string ToJson() => JsonSerializer.Serialize(this, BenchOptions.Json);
}
