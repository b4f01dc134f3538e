using System.Globalization;
using System.Text.Json;
using Samepage.Bench.Reporting;

namespace Samepage.Bench.Contest;

/// <summary>A whole run of the bench slowdown: machine, guests, rounds, and every turn.</summary>
internal sealed record SlowdownResult
{
    /// <summary>The version of this form.</summary>
    public const string SchemaName = "samepage.bench-slowdown/1";

    private static readonly JsonSerializerOptions s_json = new(BenchOptions.Json)
    {
        IgnoreReadOnlyProperties = true,
        Converters = { new OneLine<Latency>(BenchOptions.Json.PropertyNamingPolicy) },
    };

    public string Schema { get; init; } = SchemaName;
    public required string Cpu { get; init; }
    public required int Processors { get; init; }
    public required string Kernel { get; init; }
    public required string Began { get; init; }
    public required ContestPlan Plan { get; init; }
    public required SlowdownRounds Rounds { get; init; }
    public required IReadOnlyList<SlowdownTurn> Turns { get; init; }

    /// <summary>Reads what was kept.</summary>
    public static SlowdownResult Read(string path) =>
        JsonSerializer.Deserialize<SlowdownResult>(File.ReadAllText(path), s_json) is { Schema: SchemaName } result
            ? result
            : throw new InvalidDataException($"{path} is not a result of the bench slowdown");

    /// <summary>Who had turns, in the order of all tables.</summary>
    public IEnumerable<string> Peers => Contender.InOrder(Turns.Select(turn => turn.Peer));

    /// <summary>What the turns of a peer come to in one phase.</summary>
    public SlowdownEstimate Estimate(string peer, Func<SlowdownTurn, SlowdownPhase> phase) =>
        SlowdownEstimate.Of([.. Turns.Where(turn => turn.Peer == peer).Select(turn => turn.Slowdown(phase))]);

    /// <summary>A row for each peer.</summary>
    public TextTable Table()
    {
        var table = new TextTable("", "turns", "merged for, s", "CPU from then on", "p95 while merging", "turn by turn", "p95 after it", "turn by turn");
        foreach (var peer in Peers)
        {
            var turns = Turns.Where(turn => turn.Peer == peer).ToList();
            string Each(Func<SlowdownTurn, SlowdownPhase> phase) => string.Join(", ", turns.Select(turn => Text(turn.Slowdown(phase))));
            var isMerging = peer != "none";
            table.Add(
                Contender.TitleOf(peer), turns.Count.ToString(CultureInfo.InvariantCulture),
                isMerging ? Statistics.Middle(turns.Select(turn => turn.SettledSeconds)).ToString("0", CultureInfo.InvariantCulture) : ContestFigures.NotReached,
                isMerging ? Statistics.Middle(turns.Select(turn => turn.SteadyCpuShare)).ToString("0.0 %", CultureInfo.InvariantCulture) : ContestFigures.NotReached,
                Estimate(peer, turn => turn.Converging).ToString(), Each(turn => turn.Converging), Estimate(peer, turn => turn.After).ToString(), Each(turn => turn.After));
        }

        return table;
    }

    public string ToJson() => JsonSerializer.Serialize(this, s_json);

    private static string Text(double ratio) => ratio.ToString("0.00", CultureInfo.InvariantCulture);
}
