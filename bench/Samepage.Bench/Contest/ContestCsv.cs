using System.Globalization;

namespace Samepage.Bench.Contest;

/// <summary>Every turn of a contest on a line of its own, for spreadsheets.</summary>
internal static class ContestCsv
{
    private static readonly (string Name, Func<TrialResult, object?> Of)[] s_columns =
    [
        ("peer", trial => trial.Peer),
        ("repetition", trial => trial.Repetition),
        ("settled", trial => trial.IsSettled ? 1 : 0),
        ("settled_seconds", trial => trial.SettledSeconds),
        ("saved_pages", trial => trial.End.SavedPages),
        ("oracle_pages", trial => trial.End.OraclePages),
        ("saved_share", trial => trial.End.Share),
        ("saved_share_without_zeros", trial => trial.End.DataShare),
        ("seconds_to_50", trial => trial.SecondsTo50),
        ("seconds_to_90", trial => trial.SecondsTo90),
        ("seconds_to_95", trial => trial.SecondsTo95),
        ("cpu_seconds", trial => trial.CpuSeconds),
        ("cpu_seconds_a_gigabyte", trial => trial.CpuSecondsAGigabyte),
        ("steady_cpu_share", trial => trial.SteadyCpuShare),
        ("metadata_bytes_a_page", trial => trial.MetadataBytesAPage),
        .. Phase("before", trial => trial.Before),
        .. Phase("converging", trial => trial.Converging),
        .. Phase("after", trial => trial.After),
        ("flat_requests_a_second", trial => trial.FlatRequestsASecond),
        ("engine_window_max_ms", trial => trial.EngineWindowMillisecondsMax),
        ("engine_window_p999_ms", trial => trial.EngineWindowMilliseconds999),
        ("guests_verified", trial => trial.GuestsVerified),
    ];

    public static string Write(ContestResult result) => string.Join('\n', result.Trials
        .Select(trial => string.Join(',', s_columns.Select(column => Text(column.Of(trial)))))
        .Prepend(string.Join(',', s_columns.Select(column => column.Name)))) + "\n";

    private static IEnumerable<(string, Func<TrialResult, object?>)> Phase(string name, Func<TrialResult, Latency> of) =>
    [
        (name + "_requests_a_second", trial => of(trial).RequestsASecond),
        (name + "_p50_ms", trial => of(trial).P50Milliseconds),
        (name + "_p95_ms", trial => of(trial).P95Milliseconds),
        (name + "_p99_ms", trial => of(trial).P99Milliseconds),
        (name + "_longest_ms", trial => of(trial).LongestMilliseconds),
        (name + "_slower_than_20_ms_of_thousand", trial => of(trial).SlowerThan20MillisecondsOfThousand),
        (name + "_wrong", trial => of(trial).Wrong),
    ];

    /// <summary>A figure that there is not is an empty field.</summary>
    private static string Text(object? value) => value switch
    {
        null => "",
        double number => number.ToString("0.######", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
