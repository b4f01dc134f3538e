namespace Samepage.Merging.User.Engine;

/// <summary>Which pages of merged runs should not stay as they are, and what should take their place.</summary>
internal static class RenewalRule
{
    /// <summary>Others have so long to take up the contents of a segment that is to be emptied.</summary>
    private const int RetirePatienceMilliseconds = 15_000;

    /// <summary>
    /// What should take the place of a page in a merged run; null where it should stay.
    /// </summary>
    /// <param name="chunk">The page's chunk.</param>
    /// <param name="run">Its run.</param>
    /// <param name="page">With the keeper's answer.</param>
    /// <param name="zero">The fingerprint of zeros.</param>
    /// <param name="isEager">Without waiting for another look at it, or for others.</param>
    /// <param name="shelf">Where the run's segment is.</param>
    public static PieceTarget? TargetOf(Chunk chunk, MergedRun run, in PostedPage page, ulong zero, bool isEager, Shelf shelf)
    {
        var isWritten = chunk.Region.Fingerprints(chunk)[page.Page] != 0;
        if (isWritten && !isEager && !chunk.IsSteady(page.Page))
        {
            return null;
        }

        return page.Fingerprint == zero ? PieceTarget.Hole
            : page.Answer.IsStable ? PieceTarget.Stable
            : shelf.At(run.Segment).RetiringSince is { } since && (isEager || LookSchedule.Now - since >= RetirePatienceMilliseconds)
            ? PieceTarget.Anonymous
            : null;
    }
}
