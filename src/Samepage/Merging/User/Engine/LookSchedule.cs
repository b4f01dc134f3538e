namespace Samepage.Merging.User.Engine;

/// <summary>
/// When to look at which chunk again. A chunk that nothing changes in is looked at ever more rarely, and then only by a
/// sample; one that changes all the time, or whose pages merge badly, is left alone ever longer. One thread: the
/// engine's.
/// </summary>
internal sealed class LookSchedule(EngineCounters counters, RunLedger ledger)
{
    private const int FirstMilliseconds = 4_000;
    private const int QuietMillisecondsMax = 600_000;
    private const int RestlessMillisecondsMax = 300_000;

    /// <summary>A chunk is restless where more than one page in so many has changed, and more than a few.</summary>
    private const int RestlessShare = 8;
    private const int FewPages = 16;

    /// <summary>Milliseconds on the engine's clock.</summary>
    public static long Now => Environment.TickCount64;

    /// <summary>Whether everything is due all the time, and read in full.</summary>
    public bool IsEager { get; set; }

    /// <summary>Whether it is time to look at a chunk.</summary>
    public bool IsDue(Chunk chunk, long now) => chunk.IsEligible && (IsEager || chunk.NextLook <= now);

    /// <summary>
    /// Whether a sample of a chunk will do: of pages that were fingerprinted before, and where hardly any was seen to
    /// change. That some came or went shows in any case.
    /// </summary>
    public bool IsSampleEnough(Chunk chunk) => !IsEager && chunk is { Restless: 0, IsUnfinished: false };

    /// <summary>The program has taken memory: chunks that were quiet come up again soon.</summary>
    public static void Hasten(List<Chunk> chunks)
    {
        var soon = Now + FirstMilliseconds;
        foreach (var chunk in chunks)
        {
            if (chunk.Restless == 0 && chunk.NextLook > soon)
            {
                chunk.NextLook = soon;
            }
        }
    }

    /// <summary>A sample has shown no change.</summary>
    public static void NoteQuiet(Chunk chunk)
    {
        chunk.Quiet = (byte)Math.Min(chunk.Quiet + 1, byte.MaxValue);
        chunk.NextLook = Now + Interval(chunk.Quiet, QuietMillisecondsMax);
        chunk.NoteSteady();
    }

    /// <summary>A full look has shown what is there now; it takes the place of what was known.</summary>
    public void NoteLook(Chunk chunk, Span<ulong> known, ReadOnlySpan<ulong> fresh, int found)
    {
        var changed = 0;
        for (var page = 0; page < known.Length; page++)
        {
            changed += known[page] != 0 && known[page] != fresh[page] ? 1 : 0;
        }

        chunk.NoteSteady(known, fresh);
        chunk.Region.Note(chunk, fresh, found);
        counters.Now.CowBreaksTotal += (ulong)ledger.Recount(chunk);
        var before = chunk.KnownPages;
        chunk.KnownPages = (ushort)found;
        if (changed == 0 && found <= before)
        {
            chunk.Restless = 0;
            NoteQuiet(chunk);
            return;
        }

        chunk.Quiet = 0;
        chunk.Restless = (byte)(changed > Math.Max(found / RestlessShare, FewPages) ? Math.Min(chunk.Restless + 1, byte.MaxValue) : 0);
        chunk.NextLook = Now + Interval(chunk.Restless, RestlessMillisecondsMax);
    }

    /// <summary>A window has merged so many of so many pages.</summary>
    public void NoteWindow(Chunk chunk, int planned, int merged)
    {
        if (!IsEager && merged * 2 < planned)
        {
            chunk.Restless = (byte)Math.Min(chunk.Restless + 1, byte.MaxValue);
            chunk.NextLook = Now + Interval(chunk.Restless, RestlessMillisecondsMax);
        }
    }

    private static long Interval(int steps, long most) => Math.Min((long)FirstMilliseconds << Math.Min(steps, 20), most);
}
