using Samepage.Guarding;

namespace Samepage.Planning;

/// <summary>The host that guests are planned for.</summary>
/// <param name="Bytes">Its memory.</param>
/// <param name="ReserveBytes">Of that, what the kernel and everybody who is no guest needs.</param>
/// <param name="SwapBytes">Swap that it will have.</param>
public sealed record PlannedHost(long Bytes, long ReserveBytes, long SwapBytes)
{
    /// <summary>What guests may have.</summary>
    public long ForGuestsBytes => Bytes - ReserveBytes;

    /// <summary>
    /// A reserve for who names none: the kernel's 64 bytes for each page of memory, and half a GiB for itself and
    /// ordinary services.
    /// </summary>
    public static long UsualReserveBytes(long hostBytes) => (hostBytes / 64) + (512L << 20);
}

/// <summary>Equal guests on a host: what they need before merging, after it, and when all of it breaks apart again.</summary>
/// <param name="Host">The host.</param>
/// <param name="Guest">Each of them.</param>
/// <param name="Guests">How many.</param>
public sealed record GuestPlan(PlannedHost Host, GuestDemand Guest, int Guests)
{
    /// <summary>As many as a plan goes up to; with guests of 64 TiB, and as much besides, no sum overflows.</summary>
    public const int GuestsMax = 32_768;

    /// <summary>The largest size of anything in a plan.</summary>
    public const long SizeBytesMax = 1L << 46;

    /// <summary>What they occupy with nothing merged.</summary>
    public long UnmergedBytes => Guests * (Guest.ResidentBytes + Guest.OverheadBytes);

    /// <summary>What they occupy once merged.</summary>
    public long MergedBytes => MergedBytesOf(Guests);

    /// <summary>
    /// The most they occupy while they arrive one after the other: the last one is not merged yet when all others are.
    /// </summary>
    public long PeakBytes => Guests == 0 ? 0 : MergedBytesOf(Guests - 1) + Guest.ResidentBytes + Guest.OverheadBytes;

    /// <summary>Exposure and headroom once all of them are merged.</summary>
    public Coverage Coverage => new(UnmergedBytes - MergedBytes, Host.ForGuestsBytes + Host.SwapBytes - MergedBytes);

    /// <summary>Whether they fit, as they arrive and once merged, without the help of swap.</summary>
    public bool Fits => Math.Max(PeakBytes, MergedBytes) <= Host.ForGuestsBytes;

    /// <summary>Swap to have ready so that everything breaking at once would still fit; what the host has is deducted.</summary>
    public long SwapForBreaksBytes => Coverage.ShortfallBytes;

    /// <summary>The same where each guest also touches all the memory that it was given.</summary>
    public long SwapForFullUseBytes => Math.Max(0, (Guests * Guest.NeededBytes) - Host.ForGuestsBytes - Host.SwapBytes);

    /// <summary>How many fit once merged.</summary>
    public int GuestsFit => Most(plan => plan.Fits);

    /// <summary>How many would fit with nothing merged.</summary>
    public int GuestsFitUnmerged => Most(plan => plan.UnmergedBytes <= plan.Host.ForGuestsBytes);

    private long MergedBytesOf(int guests) =>
        guests == 0 ? 0 : Guest.CommonBytes + (guests * (Guest.UniqueBytes + Guest.OverheadBytes));

    /// <summary>What a guest needs only ever adds up, so the largest number that passes can be searched for by halves.</summary>
    private int Most(Func<GuestPlan, bool> passes)
    {
        int low = 0, high = GuestsMax;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = passes(this with { Guests = middle }) ? (middle, high) : (low, middle - 1);
        }

        return low;
    }
}
