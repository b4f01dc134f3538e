using System.Diagnostics.CodeAnalysis;

namespace Samepage.Merging.User.Engine;

/// <summary>Ways to merge wrongly, on purpose.</summary>
internal enum BreakageKind
{
    /// <summary>As it should be.</summary>
    None,

    /// <summary>Protects pages from writing instead of moving them away: direct I/O into them is lost.</summary>
    WriteProtect,

    /// <summary>Believes fingerprints: a page that changed since is replaced by what it was.</summary>
    SkipCompare,

    /// <summary>Lets the program at the chunk while its pages stand aside.</summary>
    EarlyWake,

    /// <summary>Replaces what is mapped in merged runs without holding their writers back.</summary>
    NoHold,

    /// <summary>Replaces pages of merged runs although a device may be writing into them.</summary>
    IgnorePins,
}

/// <summary>
/// The positive controls of the integrity tests: an engine that was built with this switch can be broken on purpose,
/// and the tests must notice. In the library that is shipped the switch is a constant false, and none of it is there.
/// </summary>
internal static unsafe class Breakage
{
    private static BreakageKind s_kind;

    /// <summary>Whether this build can be broken.</summary>
    [FeatureSwitchDefinition("Samepage.Merging.Breakable")]
    public static bool IsPossible => AppContext.TryGetSwitch("Samepage.Merging.Breakable", out var isOn) && isOn;

    /// <summary>Reads SAMEPAGE_BREAK, outside of windows.</summary>
    public static void Choose()
    {
        if (IsPossible)
        {
            s_kind = Environment.GetEnvironmentVariable("SAMEPAGE_BREAK") switch
            {
                "write-protect" => BreakageKind.WriteProtect,
                "skip-compare" => BreakageKind.SkipCompare,
                "early-wake" => BreakageKind.EarlyWake,
                "no-hold" => BreakageKind.NoHold,
                "ignore-pins" => BreakageKind.IgnorePins,
                _ => BreakageKind.None,
            };
        }
    }

    /// <summary>Whether to go wrong in this way.</summary>
    public static bool Is(BreakageKind kind) => IsPossible && s_kind == kind;

    /// <summary>Gives other threads a moment to run into what was left open.</summary>
    public static void Linger() => Thread.SpinWait(20_000);

    /// <summary>Compares a page where it stands, in the program's reach.</summary>
    public static bool IsEqualInPlace(WindowPlan plan, int page) =>
        new ReadOnlySpan<byte>((byte*)(Base + (ulong)page * MemberRegion.PageBytes), (int)MemberRegion.PageBytes)
            .SequenceEqual(new ReadOnlySpan<byte>(plan.Stable[page], (int)MemberRegion.PageBytes));

    /// <summary>The chunk's base address, for <see cref="IsEqualInPlace"/>.</summary>
    public static ulong Base { get; set; }
}
