namespace Samepage.Cli.Rendering;

/// <summary>What a plan and an admission take for granted of guests, in words; the same in text and JSON.</summary>
internal static class GuestWords
{
    /// <summary>What is assumed of the guest itself.</summary>
    public static IEnumerable<string> Assumptions(GuestKind kind)
    {
        var (profile, guest) = (kind.Profile, kind.Demand);
        if (kind.Source == ProfileSource.None)
        {
            yield return "a guest fills its memory and shares none of it, as neither --like nor --estimate says more; pages of zeros do merge, and are expected to be written one day";
        }
        else
        {
            yield return $"guests are like the {Readable.Count(profile.Guests, "process", "processes")} {(kind.Source == ProfileSource.Like ? "looked at now" : "of the estimate")}, which occupy {Readable.Size(profile.ResidentBytes ?? 0)} each with nothing merged";
            yield return profile.Guests == 1
                ? "nothing is known of what two guests share, as only one was looked at: only its own duplicates and zeros count"
                : "what was looked at holds for further guests: each adds its own part, and what all hold alike is held once";
            yield return "what changes while it is looked at, and the order in which guests diverge later, is not foreseen";
        }

        if (profile.ResidentBytes > guest.SizeBytes)
        {
            yield return "guests smaller than those looked at hold the same in proportion";
        }

        yield return kind.MonitorBytes > 0
            ? $"each guest's process needs {Readable.Size(kind.MonitorBytes)} besides (--overhead), and {Readable.Size(guest.OverheadBytes - kind.MonitorBytes)} of page tables and of the kernel's metadata"
            : $"each guest needs {Readable.Size(guest.OverheadBytes)} of page tables and of the kernel's metadata besides, and its process nothing else (--overhead says otherwise)";
    }

    /// <summary>A coverage as people read it.</summary>
    public static string Coverage(double? ratio) => ratio switch
    {
        null => "nothing is merged, so nothing can break",
        >= 99.95 => "more than 99 times the exposure",
        _ => FormattableString.Invariant($"{Math.Floor(ratio.Value * 100) / 100:0.00}"),
    };
}
