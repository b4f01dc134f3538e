using System.Globalization;
using Samepage.Governing;

namespace Samepage.Guarding;

/// <summary>What may be broken apart next.</summary>
/// <param name="Bytes">So much; 0 where nothing may be now.</param>
/// <param name="IsLater">Nothing may be now, but it may be tried again.</param>
/// <param name="Reason">Why, with the figures, without a full stop.</param>
public readonly record struct BreakVerdict(long Bytes, bool IsLater, string Reason);

/// <summary>
/// Merged pages are broken apart in slices only, with a fresh look before each: what was safe at the beginning need not
/// be so a gigabyte later. Where memory is tight in any scope the pages lie in, it waits or stops; what is broken by
/// then stays broken, what is not stays merged.
/// </summary>
/// <param name="options">What the operator set.</param>
public sealed class SlicedBreaking(GuardOptions options)
{
    /// <summary>The most that is broken between two looks.</summary>
    public const long SliceBytes = 8L << 20;

    /// <summary>A slice never takes more than this part of what could be supplied.</summary>
    private const int HeadroomPart = 8;

    /// <summary>Judges the next slice.</summary>
    /// <param name="leftBytes">What is still to be broken.</param>
    /// <param name="scopes">Fresh looks at the host and at the groups that the pages are charged to.</param>
    public BreakVerdict Next(long leftBytes, IReadOnlyList<GuardScope> scopes)
    {
        var slice = Math.Min(leftBytes, SliceBytes);
        var pressureMax = options.Floors.FirstOrDefault(floor => floor.Level == GuardLevel.Warn)?.EnterPressure ?? 10;
        foreach (var scope in scopes)
        {
            var free = scope.HeadroomBytes - options.ReserveBytes;
            if (slice > free / HeadroomPart)
            {
                return new BreakVerdict(0, false, $"{scope.Name} could supply {Figures.Bytes(scope.MemoryBytes)} of memory + {Figures.Bytes(scope.SwapFreeBytes)} of swap - {Figures.Bytes(options.ReserveBytes)} reserve: too little for {Figures.Bytes(slice)} more ({Figures.Bytes(leftBytes)} stay merged)");
            }

            if (scope.Pressure >= pressureMax)
            {
                return new BreakVerdict(0, true, string.Create(
                    CultureInfo.InvariantCulture, $"memory pressure in {scope.Name} is {scope.Pressure:0} %, at most {pressureMax:0} % is allowed: waits ({Figures.Bytes(leftBytes)} left)"));
            }
        }

        return new BreakVerdict(slice, false, $"{Figures.Bytes(slice)} of {Figures.Bytes(leftBytes)} left: every scope could supply {HeadroomPart} times as much");
    }
}
