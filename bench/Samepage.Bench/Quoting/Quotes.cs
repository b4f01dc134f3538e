using System.Globalization;
using Samepage.Bench.Contest;
using Samepage.Bench.FiftyTwo;

namespace Samepage.Bench.Quoting;

/// <summary>What pages quote of results, by name; the names that end in -zh are for readers of Chinese.</summary>
internal static class Quotes
{
    private const double SavingGoal = 0.97;

    /// <summary>The text of that name.</summary>
    /// <exception cref="InvalidDataException">There is none, or the file is not a result.</exception>
    public static string Of(string name, string file) => name switch
    {
        "fifty-two" => FiftyTwoQuotes.Table(FiftyTwoResult.Read(file)).ToMarkdown(),
        "fifty-two-zh" => FiftyTwoQuotes.TableInChinese(FiftyTwoResult.Read(file)).ToMarkdown(),
        "fifty-two-stops" => FiftyTwoQuotes.Stops(FiftyTwoResult.Read(file)),
        _ => OfContest(name, ContestResult.Read(file)),
    };

    private static string OfContest(string name, ContestResult result) => name switch
    {
        "peers-machine" => Machine(result),
        "peers-machine-zh" => MachineInChinese(result),
        "peers-headline" => ContestFigures.Headline(
            result, Contender.TitleOf,
            "", "saved of what can be", "90 % of it after, s", "CPU a GB saved, s", "CPU from then on", "p95 meanwhile", "p95 afterwards").ToMarkdown(),
        "peers-headline-zh" => ContestFigures.Headline(
            result, TitleInChinese,
            "", "已省 / 可省", "达到 90 % 用时，秒", "每省一 GB 的 CPU，秒", "此后的 CPU", "合并期间 p95", "合并之后 p95").ToMarkdown(),
        "peers-method" => string.Join('\n', result.Method.Select(line => "- " + line)),
        "peers-saving" => ContestFigures.Saving(result).ToMarkdown() + Note(result),
        "peers-work" => ContestFigures.Work(result).ToMarkdown(),
        "peers-goals" => Goals(result),
        _ => throw new InvalidDataException($"there are no figures called '{name}'"),
    };

    private static string Machine(ContestResult result) => string.Create(CultureInfo.InvariantCulture,
        $"{result.Plan.Guests} QEMU guests of {result.Plan.Megabytes} MB, turns of each peer: {result.Plan.Repetitions}, medians; {result.Cpu}, {result.Processors} processors, {Gigabytes(result)} GB, Linux {result.Kernel}, {result.Began}.");

    private static string MachineInChinese(ContestResult result) => string.Create(CultureInfo.InvariantCulture,
        $"{result.Plan.Guests} 台 QEMU 虚拟机，每台 {result.Plan.Megabytes} MB；每种方式测 {result.Plan.Repetitions} 次，取中位数；{result.Cpu}，{result.Processors} 个处理器，{Gigabytes(result)} GB 内存，Linux {result.Kernel}，{result.Began}。");

    private static long Gigabytes(ContestResult result) => (long)Math.Round(result.MemoryBytes / (double)(1L << 30));

    private static string TitleInChinese(string name) => name switch
    {
        "none" => "不合并",
        "default" => "ksmd，默认设置",
        "fast" => "ksmd，每 20 ms 扫 50,000 页",
        "advisor" => "内核的 scan-time advisor",
        "ksmtuned" => "ksmtuned",
        "kernel" => "Samepage，内核引擎",
        "user" => "Samepage，用户引擎",
        _ => name,
    };

    private static string Note(ContestResult result) => result.Peers.Any(peer => peer.TurnsSettled < peer.Turns)
        ? string.Create(CultureInfo.InvariantCulture, $"\n\n\\* not done after {result.Plan.ConvergeSecondsMax} s, the time that everyone had.")
        : "";

    /// <summary>What was aimed at, and what came of it.</summary>
    private static string Goals(ContestResult result)
    {
        var lines = new List<string>();
        foreach (var peer in result.Peers.Where(peer => peer.Name is "kernel" or "user"))
        {
            lines.Add($"- {peer.Title}: "
                + Goal("saved of the oracle", peer.Share?.Median, SavingGoal, "0.0 %", isAtLeast: true) + "; "
                + Goal("slowdown of p95 while merging converges", peer.Converging.P95Slowdown?.Median, ContestPlots.ConvergingGoal, "0.00", isAtLeast: false) + "; "
                + Goal("slowdown after it", peer.After.P95Slowdown?.Median, ContestPlots.AfterGoal, "0.00", isAtLeast: false) + ".");
        }

        return string.Join('\n', lines);
    }

    private static string Goal(string what, double? value, double goal, string format, bool isAtLeast)
    {
        string Text(double number) => number.ToString(format, CultureInfo.InvariantCulture);
        var isMet = value is { } known && (isAtLeast ? known >= goal : known <= goal);
        return $"{what} {(value is { } got ? Text(got) : ContestFigures.NotReached)} (goal {(isAtLeast ? "at least" : "at most")} {Text(goal)}: {(isMet ? "met" : "missed")})";
    }
}
