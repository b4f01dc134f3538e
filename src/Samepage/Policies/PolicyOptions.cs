using Samepage.Governing;
using Samepage.Guarding;
using Samepage.Guarding.Swapping;

namespace Samepage.Policies;

/// <summary>What a policy means to governor, guard and swap.</summary>
public static class PolicyOptions
{
    /// <summary>Of the budget, this much of a core is for the daemon itself, or half where the budget is small.</summary>
    private const double OwnShare = 0.01;

    /// <summary>A rung is left only where coverage is this much better than where it was entered.</summary>
    private const double LeaveFactor = 1.15;

    private static readonly GuardOptions s_default = new();

    /// <summary>The governor's options.</summary>
    public static GovernorOptions ToOptions(this GovernorPolicy policy)
    {
        var share = policy.CpuBudgetPercent / 100;
        var budget = Math.Max(share / 2, share - OwnShare);
        var before = new GovernorOptions();
        return before with
        {
            BudgetShare = budget,
            BudgetWindow = policy.CpuBudgetOver,
            GentleShare = policy.CpuGentlePercent / 100,
            TrickleShare = Math.Min(before.TrickleShare, budget),
        };
    }

    /// <summary>
    /// The guard's options for a scope. From the warning down to the floor, everything that is gentle has been tried: at
    /// the warning merging stops growing, people are told and swap is provided, where that is allowed, so that merging can
    /// go on; at the floor pages are pushed out and guests refused.
    /// </summary>
    public static GuardOptions ToOptions(this GuardPolicy policy, GuardScope scope)
    {
        var floors = scope.IsHost ? policy.Host : policy.FloorsOf(scope.Name);
        return s_default with
        {
            Floors = [.. s_default.Floors.Select(floor => At(floor, floors))],
            MayProvision = policy.Swap.Provision != SwapKind.None,
        };
    }

    /// <summary>The options of swap; null where none may be provided.</summary>
    public static SwapOptions? ToOptions(this SwapPolicy policy) => policy.Provision == SwapKind.None ? null : new SwapOptions
    {
        Kind = policy.Provision,
        Directory = policy.Directory ?? new SwapOptions().Directory,
        CapBytes = policy.SizeBytesMax,
    };

    /// <summary>That programs wait for memory is no matter of floors: those of pressure stay as they are.</summary>
    private static GuardFloor At(GuardFloor floor, CoverageFloors floors)
    {
        var enter = floor.Level switch
        {
            GuardLevel.Hold or GuardLevel.Warn or GuardLevel.Provision => floors.Warning,
            _ => floors.Floor,
        };
        return floor with { EnterCoverage = enter, LeaveCoverage = Math.Max(enter * LeaveFactor, enter + 0.01) };
    }
}
