using System.Text.Encodings.Web;
using System.Text.Json;
using Samepage.Bench.Reporting;

namespace Samepage.Bench.Contest;

/// <summary>A contest's whole result: machine, plan, method, every turn, and for each peer what the turns come to.</summary>
internal sealed record ContestResult
{
    /// <summary>The version of this form.</summary>
    public const string SchemaName = "samepage.bench-peers/1";

    private static readonly JsonSerializerOptions s_json = new(BenchOptions.Json)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters =
        {
            new OneLine<Spread>(BenchOptions.Json.PropertyNamingPolicy), new OneLine<WayPoint>(BenchOptions.Json.PropertyNamingPolicy),
            new OneLine<Latency>(BenchOptions.Json.PropertyNamingPolicy), new OneLine<FrameCount>(BenchOptions.Json.PropertyNamingPolicy),
        },
    };

    public string Schema { get; init; } = SchemaName;
    public required string Cpu { get; init; }
    public required int Processors { get; init; }
    public required long MemoryBytes { get; init; }
    public required string Kernel { get; init; }
    public required string Began { get; init; }
    public required double WallSeconds { get; init; }
    public required ContestPlan Plan { get; init; }
    public required IReadOnlyList<string> Method { get; init; }
    public required IReadOnlyList<PeerSummary> Peers { get; init; }
    public required IReadOnlyList<TrialResult> Trials { get; init; }

    /// <summary>Sums up the turns.</summary>
    public static ContestResult Of(ContestPlan plan, string began, double wallSeconds, IReadOnlyList<TrialResult> trials) => new()
    {
        Cpu = Machine.Cpu,
        Processors = Environment.ProcessorCount,
        MemoryBytes = Machine.MemoryBytes,
        Kernel = Machine.Kernel,
        Began = began,
        WallSeconds = Math.Round(wallSeconds),
        Plan = plan,
        Method = plan.Method,
        Peers = Summaries(trials),
        Trials = trials,
    };

    private static IReadOnlyList<PeerSummary> Summaries(IReadOnlyList<TrialResult> trials) =>
    [
        .. Contender.InOrder(trials.Select(trial => trial.Peer)).Select(name => PeerSummary.Of(name, trials)),
    ];

    public string ToJson() => JsonSerializer.Serialize(this, s_json);

    /// <summary>Reads what was kept. The turns are summed up anew, so that what an older bench kept has all the figures of today.</summary>
    public static ContestResult Read(string path) =>
        JsonSerializer.Deserialize<ContestResult>(File.ReadAllText(path), s_json) is { Schema: SchemaName } result
            ? result with { Peers = Summaries(result.Trials), Method = result.Plan.Method }
            : throw new InvalidDataException($"{path} is not a result of bench/peers");
}

/// <summary>A figure over the repetitions: the median, the least and the greatest.</summary>
internal sealed record Spread(double Median, double Min, double Max)
{
    /// <summary>Null where one of the repetitions has no such figure: a median of the others would be of the better ones.</summary>
    public static Spread? Of(IEnumerable<double?> values)
    {
        var all = values.ToList();
        return all.Count == 0 || all.Contains(null)
            ? null
            : new Spread(Statistics.Middle(all.Select(value => value!.Value)), all.Min()!.Value, all.Max()!.Value);
    }
}

/// <summary>What a peer's turns come to. Ratios are against no merging in the same repetition; above 1 is slower.</summary>
internal sealed record PeerSummary
{
    public required string Name { get; init; }
    public required string Title { get; init; }
    public required int Turns { get; init; }
    public required int TurnsSettled { get; init; }
    public required int GuestsVerified { get; init; }
    public required Spread? Share { get; init; }
    public required Spread? DataShare { get; init; }
    public required Spread? SavedGigabytes { get; init; }
    public required Spread? SecondsTo50 { get; init; }
    public required Spread? SecondsTo90 { get; init; }
    public required Spread? SecondsTo95 { get; init; }
    public required Spread? CpuSeconds { get; init; }
    public required Spread? CpuSecondsAGigabyte { get; init; }
    public required Spread? SteadyCpuShare { get; init; }
    public required Spread? MetadataBytesAPage { get; init; }
    public required LoadSummary Converging { get; init; }
    public required LoadSummary After { get; init; }
    public required Spread? FlatRequestsASecond { get; init; }
    public required Spread? FlatRatio { get; init; }
    public required Spread? LongestRequestMilliseconds { get; init; }
    public required Spread? EngineWindowMillisecondsMax { get; init; }
    public required Spread? EngineWindowMilliseconds999 { get; init; }

    public static PeerSummary Of(string name, IReadOnlyList<TrialResult> trials)
    {
        var own = trials.Where(trial => trial.Peer == name).ToList();
        Spread? Over(Func<TrialResult, double?> of) => Spread.Of(own.Select(of));
        double? Against(TrialResult trial, Func<TrialResult, double> of) =>
            trials.FirstOrDefault(other => other.Peer == "none" && other.Repetition == trial.Repetition) is { } none && of(none) is > 0 and < double.PositiveInfinity
                ? of(trial) / of(none)
                : null;
        LoadSummary Load(Func<TrialResult, Latency> phase) => new(
            Over(trial => phase(trial).RequestsASecond), Over(trial => phase(trial).P50Milliseconds),
            Over(trial => phase(trial).P95Milliseconds), Over(trial => phase(trial).P99Milliseconds),
            Over(trial => Against(trial, each => phase(each).P95Milliseconds)),
            Over(trial => Against(trial, each => phase(each).P99Milliseconds)),
            Over(trial => phase(trial).SlowerThan20MillisecondsOfThousand),
            Over(trial => trial.Before.P95Milliseconds > 0 ? Against(trial, each => phase(each).P95Milliseconds / each.Before.P95Milliseconds) : null));
        return new PeerSummary
        {
            Name = name,
            Title = Contender.TitleOf(name),
            Turns = own.Count,
            TurnsSettled = own.Count(trial => trial.IsSettled),
            GuestsVerified = own.Sum(trial => trial.GuestsVerified),
            Share = Over(trial => trial.End.Share),
            DataShare = Over(trial => trial.End.DataShare),
            SavedGigabytes = Over(trial => trial.End.SavedPages * 4096e-9),
            SecondsTo50 = Over(trial => trial.SecondsTo50),
            SecondsTo90 = Over(trial => trial.SecondsTo90),
            SecondsTo95 = Over(trial => trial.SecondsTo95),
            CpuSeconds = Over(trial => trial.CpuSeconds),
            CpuSecondsAGigabyte = Over(trial => trial.CpuSecondsAGigabyte),
            SteadyCpuShare = Over(trial => trial.SteadyCpuShare),
            MetadataBytesAPage = Over(trial => trial.MetadataBytesAPage),
            Converging = Load(trial => trial.Converging),
            After = Load(trial => trial.After),
            FlatRequestsASecond = Over(trial => trial.FlatRequestsASecond),
            FlatRatio = Over(trial => Against(trial, each => each.FlatRequestsASecond)),
            LongestRequestMilliseconds = Over(trial => trial.LongestRequestMilliseconds),
            EngineWindowMillisecondsMax = Over(trial => trial.EngineWindowMillisecondsMax),
            EngineWindowMilliseconds999 = Over(trial => trial.EngineWindowMilliseconds999),
        };
    }
}

/// <summary>
/// The guests' server in one phase; times in milliseconds. The slowdown is p95 by that of the same guests before merging,
/// and by the same ratio of guests that nobody merges: what makes one turn's guests slower than another's is in neither.
/// </summary>
internal sealed record LoadSummary(
    Spread? RequestsASecond, Spread? P50Milliseconds, Spread? P95Milliseconds, Spread? P99Milliseconds, Spread? P95Ratio, Spread? P99Ratio,
    Spread? SlowerThan20MillisecondsOfThousand, Spread? P95Slowdown);
