namespace Samepage.Bench.Contest;

/// <summary>What every peer of a contest goes through.</summary>
/// <param name="Guests">How many guests.</param>
/// <param name="Megabytes">Memory of each.</param>
/// <param name="Repetitions">How often each peer has its turn.</param>
/// <param name="ConvergeSecondsMax">How long a peer may take to save all it will; the clock that all share.</param>
/// <param name="BeforeSeconds">How long the guests are measured before merging begins.</param>
/// <param name="AfterSeconds">How long they are, and what merging costs then, once it has converged.</param>
/// <param name="FlatSeconds">How long they serve as fast as they can at the end.</param>
/// <param name="RequestsASecond">What each guest's server is asked for.</param>
/// <param name="WritesOfThousand">How many of those requests write.</param>
/// <param name="Keys">The data set of each server, equal in all of them.</param>
internal sealed record ContestPlan(
    int Guests, int Megabytes, int Repetitions, double ConvergeSecondsMax, double BeforeSeconds, double AfterSeconds, double FlatSeconds,
    int RequestsASecond, int WritesOfThousand = 100, int Keys = 4096)
    : ServedWork(Guests, Megabytes, RequestsASecond, WritesOfThousand, Keys)
{
    /// <summary>
    /// Who has the turn when: forwards and backwards by turns, beginning with another one each time, so that nobody always
    /// follows the same one or always comes when the machine is warm.
    /// </summary>
    public static IReadOnlyList<string> Order(IReadOnlyList<string> peers, int repetition)
    {
        var rotated = Enumerable.Range(0, peers.Count).Select(at => peers[(at + repetition) % peers.Count]);
        return [.. repetition % 2 == 0 ? rotated : rotated.Reverse()];
    }

    /// <summary>How it is measured, for whoever reads a result.</summary>
    public IReadOnlyList<string> Method =>
    [
        $"{GuestsInWords} Every peer gets fresh ones.",
        $"Repetitions: {Repetitions}, the peers by turns, forwards and backwards. Figures are medians over the repetitions, with the least and the greatest.",
        LoadInWords,
        $"Phases: {BeforeSeconds} s before merging; merging until nothing more is saved, at most {ConvergeSecondsMax} s; {AfterSeconds} s after that; {FlatSeconds} s of as many requests as the guests can serve, four at a time for each. Ratios 'p95 / none' are against the peer 'none' of the same repetition. 'Slowdown' is p95 by that of the same guests in the phase before merging, and by the same ratio of the peer 'none': fresh guests differ from each other by more than merging costs them.",
        "Saving and oracle are of the same moment, the end: frames that stand behind the guests' memory by /proc/PID/pagemap, against the number of different contents in it, found by fingerprinting all of it. Pages count that were in memory when merging began or hold data at the end. Segments of the user engine that nobody maps count as frames in use.",
        "CPU is that of ksmd and of who paces it, or of the user engine's threads, its keeper and its children. Metadata is what the slab caches of merging, page tables and the engine's own processes have grown by, for each page that is offered.",
    ];
}
