using Samepage.Guarding;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Merging.User.Keeping;
using Samepage.Planning;
using Samepage.Scenarios.Guests.Desktop;

namespace Samepage.Scenarios.FiftyTwo;

/// <summary>What the guests of a scenario need: for the plan, and for the question whether one more may come.</summary>
/// <param name="Demand">One of them.</param>
/// <param name="LimitBytes">What all of them may have.</param>
/// <param name="Floor">Coverage (headroom by exposure) may not fall below it.</param>
internal sealed record GuestNeeds(GuestDemand Demand, long LimitBytes, double Floor)
{
    /// <summary>
    /// What a guest holds for itself beside its own data: its kernel's tables and structures, and what the kernel has laid
    /// out in an order of its own. 38 to 55 MB were found in guests of 1 GB.
    /// </summary>
    private const long KernelBytes = 56L << 20;

    /// <summary>Coverage may drift a little between the plan and the truth.</summary>
    private const double SwapMargin = 0.1;

    /// <summary>Left to the kernel under the limit, as a part of it.</summary>
    private const double LimitReserveShare = 0.02;

    /// <summary>Reckons for guests of a size.</summary>
    public static GuestNeeds Of(long guestBytes, long limitBytes, double floor)
    {
        var own = (new DesktopGuestOptions(1, guestBytes).OwnMegabytes + 4L << 20) + (KernelBytes * Math.Min(guestBytes, 1L << 30) >> 30);
        var profile = new SharingProfile(1, guestBytes, own, DesktopImage.CommonBytesFor(guestBytes));
        return new GuestNeeds(GuestDemand.Of(guestBytes, profile, DesktopGuest.MonitorBytes), limitBytes, floor);
    }

    /// <summary>Swap to have ready for so many, so that all that is merged could break apart at once.</summary>
    public long SwapBytes(int guests)
    {
        var plan = new GuestPlan(new PlannedHost(LimitBytes, 0, 0), Demand, guests);
        var needed = (plan.Coverage.ExposureBytes * (Floor + SwapMargin)) - plan.Coverage.HeadroomBytes;
        return Floor <= 0 ? 0 : Math.Max(0, (long)needed);
    }

    /// <summary>How many the plan lets in without the help of swap.</summary>
    public int PlannedGuests => new GuestPlan(new PlannedHost(LimitBytes, 0, 0), Demand, 0).GuestsFit;

    /// <summary>May one more come, of the guard's making: it must fit, and coverage may not fall below the floor.</summary>
    public Admission Admission(ProcFs proc, KsmSysfs ksm, ControlGroup group, IReadOnlyList<DomainReport> domains)
    {
        var host = HostCoverage.Read(proc, ksm, domains);
        var levels = ControlGroupCoverage.ReadLevels(proc, group, host.Headroom.SwapFreeBytes, domains);
        return new Admission(Demand, [
            new AdmissionScope("host", host.Coverage, Floor, Demand),
            .. levels.Select(level => new AdmissionScope(level.Headroom.Group, level.Coverage, Floor, Demand))]);
    }

    /// <summary>
    /// Whether there is memory for one more while others still come up, without swapping: what a guest has yet to fill of
    /// its memory is spoken for.
    /// </summary>
    /// <param name="usedBytes">What the group uses that is not of files.</param>
    /// <param name="awaitedBytes">What guests that come up have yet to fill.</param>
    public bool HasRoom(long usedBytes, long awaitedBytes) =>
        usedBytes + awaitedBytes + Demand.NeededBytes <= LimitBytes * (1 - LimitReserveShare);
}
