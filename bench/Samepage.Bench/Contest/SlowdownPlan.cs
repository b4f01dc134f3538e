namespace Samepage.Bench.Contest;

/// <summary>
/// What every peer of the bench slowdown goes through. Lengths are in stretches, in each of which each fleet is asked for
/// <see cref="TwinFleets.StretchSeconds"/>.
/// </summary>
/// <param name="Guests">How many guests are merged; as many beside them are not.</param>
/// <param name="Megabytes">Memory of each.</param>
/// <param name="RequestsASecond">What each guest's server is asked for.</param>
/// <param name="WarmUp">Stretches before the first that counts.</param>
/// <param name="Before">Those before merging.</param>
/// <param name="ConvergingMax">How many there may be until nothing more is saved.</param>
/// <param name="After">Those after it.</param>
internal sealed record SlowdownPlan(int Guests, int Megabytes, int RequestsASecond, int WarmUp, int Before, int ConvergingMax, int After)
    : ServedWork(Guests, Megabytes, RequestsASecond)
{
    /// <summary>How it is measured, for whoever reads a result.</summary>
    public IReadOnlyList<string> Method =>
    [
        $"Two fleets of {GuestsInWords} One fleet is merged and the other never. Every turn has fresh ones.",
        LoadInWords,
        $"Only one fleet is asked at a time, a second each by turns (ABBA), and while the plain one is asked merging stands still. Phases, in stretches of {TwinFleets.StretchSeconds} s of each fleet: {WarmUp} that do not count, {Before} before merging, at most {ConvergingMax} until nothing more is saved, {After} after that.",
        "p95 of the one is divided by that of the other in each stretch; the slowdown of a phase is the geometric mean of these by that of the phase before merging. Its error comes from their spread, and where turns lie further apart than that, from theirs (Birge ratio).",
    ];
}
