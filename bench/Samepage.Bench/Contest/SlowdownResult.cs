using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Bench.Reporting;

namespace Samepage.Bench.Contest;

/// <summary>A whole run of the bench slowdown: machine, guests, lengths, and every turn.</summary>
internal sealed record SlowdownResult
{
    /// <summary>The version of this form.</summary>
    public const string SchemaName = "samepage.bench-slowdown/3";

    private static readonly JsonSerializerOptions s_json = new(BenchOptions.Json)
    {
        IgnoreReadOnlyProperties = true,
        Converters =
        {
            new OneLine<Latency>(BenchOptions.Json.PropertyNamingPolicy),
            new OneLine<SlowdownStretch>(BenchOptions.Json.PropertyNamingPolicy),
        },
    };

    public string Schema { get; init; } = SchemaName;
    public required string Cpu { get; init; }
    public required int Processors { get; init; }
    public required string Kernel { get; init; }
    public required string Began { get; init; }
    public required SlowdownPlan Plan { get; init; }
    public required IReadOnlyList<SlowdownTurn> Turns { get; init; }

    /// <summary>Reads what was kept.</summary>
    public static SlowdownResult Read(string path) =>
        JsonSerializer.Deserialize<SlowdownResult>(File.ReadAllText(path), s_json) is { Schema: SchemaName } result
            ? result
            : throw new InvalidDataException($"{path} is not a result of the bench slowdown");

    /// <summary>Who had turns, in the order of all tables.</summary>
    [JsonIgnore]
    public IEnumerable<string> Peers => Contender.InOrder(Turns.Select(turn => turn.Peer));

    /// <summary>What the turns of a peer come to.</summary>
    public RatioEstimate Estimate(string peer, Func<SlowdownTurn, RatioEstimate> figure) => RatioEstimate.Of([.. TurnsOf(peer).Select(figure)]);

    /// <summary>A row for each peer.</summary>
    public TextTable Table()
    {
        var table = new TextTable(
            "", "turns", "merged for, s", "CPU from then on",
            "p95 while merging", "turn by turn", "whole phase", "guests' CPU", "p95 after it", "turn by turn", "whole phase", "guests' CPU");
        foreach (var peer in Peers)
        {
            var turns = TurnsOf(peer).ToList();
            string[] Figures(Func<SlowdownTurn, SlowdownPhase> phase) =>
            [
                Estimate(peer, turn => turn.Slowdown(phase)).ToString(),
                string.Join(", ", turns.Select(turn => Text(turn.Slowdown(phase).Mean))),
                Text(RatioEstimate.Of(turns.Select(turn => turn.WholeSlowdown(phase))).Mean),
                Estimate(peer, turn => turn.CpuGrowth(phase)).ToString(),
            ];
            var isMerging = peer != "none";
            table.Add(
            [
                Contender.TitleOf(peer), turns.Count.ToString(CultureInfo.InvariantCulture),
                isMerging ? Statistics.Middle(turns.Select(turn => turn.SettledSeconds)).ToString("0", CultureInfo.InvariantCulture) : ContestFigures.NotReached,
                isMerging ? Statistics.Middle(turns.Select(turn => turn.SteadyCpuShare)).ToString("0.0 %", CultureInfo.InvariantCulture) : ContestFigures.NotReached,
                .. Figures(turn => turn.Converging), .. Figures(turn => turn.After),
            ]);
        }

        return table;
    }

    public string ToJson() => JsonSerializer.Serialize(this, s_json);

    private IEnumerable<SlowdownTurn> TurnsOf(string peer) => Turns.Where(turn => turn.Peer == peer);

    private static string Text(double ratio) => ratio.ToString("0.00", CultureInfo.InvariantCulture);
}
