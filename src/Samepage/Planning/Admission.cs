using Samepage.Guarding;

namespace Samepage.Planning;

/// <summary>Whether one further guest may come.</summary>
/// <param name="Guest">The guest.</param>
/// <param name="Scopes">The host, and each control group above the guest that has a limit.</param>
public sealed record Admission(GuestDemand Guest, IReadOnlyList<AdmissionScope> Scopes)
{
    /// <summary>Whether nobody objects.</summary>
    public bool IsAdmitted => Scopes.All(scope => scope.Verdict == AdmissionVerdict.Admitted);
}

/// <summary>What a host or a control group says to a further guest.</summary>
/// <param name="Name">"host", or the group's path.</param>
/// <param name="Before">Exposure and headroom now.</param>
/// <param name="Floor">Coverage may not fall below it.</param>
/// <param name="Guest">The guest.</param>
public sealed record AdmissionScope(string Name, Coverage Before, double Floor, GuestDemand Guest)
{
    /// <summary>Exposure and headroom with the guest, once it has filled its memory and is merged.</summary>
    public Coverage After => Before.After(Guest);

    /// <summary>
    /// The answer. A guest must fit before anything of it is merged, and whatever the floor, with it the headroom must
    /// cover the exposure as many times as the floor says.
    /// </summary>
    public AdmissionVerdict Verdict => Guest.NeededBytes > Before.HeadroomBytes ? AdmissionVerdict.DoesNotFit
        : After.IsAtLeast(Floor) ? AdmissionVerdict.Admitted
        : AdmissionVerdict.BelowFloor;
}

/// <summary>An answer to a guest that wants to come.</summary>
public enum AdmissionVerdict
{
    /// <summary>It may.</summary>
    Admitted,

    /// <summary>There is not enough memory for it, even before it is merged.</summary>
    DoesNotFit,

    /// <summary>Its merged pages would push coverage below the floor.</summary>
    BelowFloor,
}
