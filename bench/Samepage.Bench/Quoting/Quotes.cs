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
        "slowdown" => SlowdownResult.Read(file).Table().ToMarkdown(),
        "slowdown-machine" => Machine(SlowdownResult.Read(file)),
        "slowdown-goals" => Goals(SlowdownResult.Read(file)),
        "slowdown-goals-zh" => GoalsInChinese(SlowdownResult.Read(file)),
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

    private static string Machine(SlowdownResult result) => string.Create(CultureInfo.InvariantCulture,
        $"{result.Plan.Guests} QEMU guests of {result.Plan.Megabytes} MB that are merged and {result.Plan.Guests} that are not, {result.Plan.RequestsASecond} requests a second to each, {TwinFleets.StretchSeconds * result.Plan.Before} s before merging and {TwinFleets.StretchSeconds * result.Plan.After} s after it for either; {result.Cpu}, {result.Processors} processors, Linux {result.Kernel}, {result.Began}.");

    /// <summary>What was aimed at, and what came of it.</summary>
    private static string Goals(ContestResult result) => string.Join('\n', result.Peers
        .Where(peer => IsOurs(peer.Name))
        .Select(peer => string.Create(CultureInfo.InvariantCulture,
            $"- {peer.Title}: {peer.Share?.Median ?? 0:0.0 %} of the oracle (goal at least {SavingGoal:0.0 %}: {Verdict(peer.Share?.Median >= SavingGoal)}).")));

    private static string Goals(SlowdownResult result) => Lines(result, (peer, converging, after) => string.Create(CultureInfo.InvariantCulture,
        $"- {Contender.TitleOf(peer)}: while merging {converging} (goal at most {ContestPlots.ConvergingGoal:0.00}: {Verdict(converging, ContestPlots.ConvergingGoal)}); after it {after} (goal at most {ContestPlots.AfterGoal:0.00}: {Verdict(after, ContestPlots.AfterGoal)})."));

    private static string GoalsInChinese(SlowdownResult result) => Lines(result, (peer, converging, after) => string.Create(CultureInfo.InvariantCulture,
        $"- {TitleInChinese(peer)}：合并期间 {converging}（目标不超过 {ContestPlots.ConvergingGoal:0.00}：{VerdictInChinese(converging, ContestPlots.ConvergingGoal)}）；合并之后 {after}（目标不超过 {ContestPlots.AfterGoal:0.00}：{VerdictInChinese(after, ContestPlots.AfterGoal)}）。"));

    private static string Lines(SlowdownResult result, Func<string, RatioEstimate, RatioEstimate, string> line) => string.Join('\n', result.Peers
        .Where(IsOurs)
        .Select(peer => line(peer, result.Estimate(peer, turn => turn.Slowdown(each => each.Converging)), result.Estimate(peer, turn => turn.Slowdown(each => each.After)))));

    private static bool IsOurs(string peer) => peer is "kernel" or "user";

    private static string Verdict(bool isMet) => isMet ? "met" : "missed";

    private static string Verdict(RatioEstimate estimate, double goal) => estimate.IsAtMost(goal) is { } isMet ? Verdict(isMet) : "within the error of it";

    private static string VerdictInChinese(RatioEstimate estimate, double goal) => estimate.IsAtMost(goal) switch
    {
        true => "达到",
        false => "未达到",
        null => "差别在误差之内",
    };
}
