namespace Samepage.Guarding;

/// <summary>The host, or a control group with a limit, as the guard sees it.</summary>
/// <param name="Name">"host", or the group's path.</param>
/// <param name="IsHost">Whether it is the host.</param>
/// <param name="ExposureBytes">What would be needed if every merged page in it broke now.</param>
/// <param name="MemoryBytes">What it could supply of memory.</param>
/// <param name="SwapFreeBytes">What it could supply of swap.</param>
/// <param name="Pressure">PSI: percent of the last ten seconds in which somebody in it waited for memory; 0 where unknown.</param>
/// <param name="SwapAllowedBytes">What it could supply of swap if the host had swap without end: a group's own limit forbids more.</param>
public sealed record GuardScope(
    string Name, bool IsHost, long ExposureBytes, long MemoryBytes, long SwapFreeBytes, double Pressure, long SwapAllowedBytes = long.MaxValue)
{
    /// <summary>What it could supply.</summary>
    public long HeadroomBytes => MemoryBytes + SwapFreeBytes;

    /// <summary>Headroom for each byte of exposure; without exposure there is nothing to cover.</summary>
    public double Coverage => CoverageWithout(0);

    /// <summary>The same if it had so much less to supply.</summary>
    public double CoverageWithout(long bytes) =>
        ExposureBytes > 0 ? (double)(HeadroomBytes - bytes) / ExposureBytes : double.PositiveInfinity;
}

/// <summary>One look at everything that the guard watches.</summary>
/// <param name="At">When, on a clock that never jumps; only differences matter.</param>
/// <param name="Scopes">The host and the groups with a limit.</param>
/// <param name="ProvidedSwapBytes">Swap that Samepage has added to the host.</param>
public sealed record GuardSample(TimeSpan At, IReadOnlyList<GuardScope> Scopes, long ProvidedSwapBytes = 0);

/// <summary>What the guard orders.</summary>
public enum GuardActionKind
{
    /// <summary>Let nothing merge further: on the host ksmd stands still, in a group nothing more is opted in.</summary>
    StopGrowing,

    /// <summary>Tell people: journal, metric, hook.</summary>
    Warn,

    /// <summary>Add swap.</summary>
    ProvisionSwap,

    /// <summary>Push cold pages of low-priority targets out.</summary>
    PageOut,

    /// <summary>Admit no new guest.</summary>
    RefuseAdmission,

    /// <summary>The opposite of <see cref="StopGrowing"/>.</summary>
    AllowGrowing,

    /// <summary>The opposite of <see cref="Warn"/>.</summary>
    ClearWarning,

    /// <summary>The opposite of <see cref="ProvisionSwap"/>.</summary>
    WithdrawSwap,

    /// <summary>The opposite of <see cref="PageOut"/>.</summary>
    EndPageOut,

    /// <summary>The opposite of <see cref="RefuseAdmission"/>.</summary>
    AllowAdmission,
}

/// <summary>One order.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Scope">Where.</param>
/// <param name="Bytes">How much swap to add or remove, or memory to push out; 0 for the others.</param>
/// <param name="Reason">Why, with the figures, without a full stop.</param>
public sealed record GuardAction(GuardActionKind Kind, string Scope, long Bytes, string Reason);

/// <summary>Where the guard stands with a scope.</summary>
/// <param name="Scope">What it saw.</param>
/// <param name="Level">How far it has gone.</param>
/// <param name="Since">When it got there.</param>
/// <param name="IsGrowthHeld">Nothing may merge further: not implied by a level that was reached by pressure alone.</param>
/// <param name="Figures">What it stands on, in words.</param>
public sealed record GuardState(GuardScope Scope, GuardLevel Level, TimeSpan Since, bool IsGrowthHeld, string Figures);

/// <summary>What the guard makes of a sample.</summary>
/// <param name="States">One for each scope, in the order of the sample.</param>
/// <param name="Actions">What to do now, in this order.</param>
/// <param name="IsGrowthHeld">Whether ksmd is to stand still.</param>
/// <param name="IsAdmissionRefused">Whether no new guest is to be admitted on the host.</param>
public sealed record GuardVerdict(
    IReadOnlyList<GuardState> States, IReadOnlyList<GuardAction> Actions, bool IsGrowthHeld, bool IsAdmissionRefused);
