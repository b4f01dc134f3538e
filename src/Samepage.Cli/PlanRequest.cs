using System.Globalization;
using Samepage.Cli.Rendering;
using Samepage.Linux.Proc;
using Samepage.Planning;

namespace Samepage.Cli;

/// <summary>What to plan, as it was typed on the command line or in the dashboard; null where nothing was.</summary>
internal sealed record PlanRequest(string GuestSize, string? Guests, string? Host, string? Reserve, string? Swap)
{
    /// <summary>Makes the plan.</summary>
    /// <param name="kindOf">Tells what guests of a size are like.</param>
    /// <exception cref="CommandFailure">A value will not do, or no guest fits.</exception>
    public (GuestPlan Plan, GuestKind Kind, IReadOnlyList<string> Assumptions) Make(Func<long, GuestKind> kindOf)
    {
        var size = SizeText.Parse("--guest-size", GuestSize);
        var guests = Guests is null ? 0 : Count(Guests);
        var host = PlannedHost();
        var kind = kindOf(size);
        var plan = new GuestPlan(host, kind.Demand, guests);
        if (plan.GuestsFit == 0)
        {
            throw new CommandFailure(ExitCode.Usage, $"a host of {Readable.Size(host.Bytes)} is too small: {Readable.Size(host.ForGuestsBytes)} are left after the reserve, and one guest needs {Readable.Size((plan with { Guests = 1 }).PeakBytes)}; see --host and --reserve");
        }

        plan = guests == 0 ? plan with { Guests = plan.GuestsFit } : plan;
        return (plan, kind, Assumptions(plan, kind));
    }

    private PlannedHost PlannedHost()
    {
        var bytes = Host is null ? MemInfo.Read(new ProcFs()).TotalBytes : SizeText.Parse("--host", Host);
        var reserve = Reserve is null ? Planning.PlannedHost.UsualReserveBytes(bytes) : SizeText.Parse("--reserve", Reserve, isZeroAllowed: true);
        var swap = Swap is null ? 0 : SizeText.Parse("--swap", Swap, isZeroAllowed: true);
        return reserve < bytes
            ? new PlannedHost(bytes, reserve, swap)
            : throw new CommandFailure(ExitCode.Usage, $"a host of {Readable.Size(bytes)} is too small: {Readable.Size(reserve)} are kept for itself; see --host and --reserve");
    }

    private static int Count(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var guests) && guests is >= 1 and <= GuestPlan.GuestsMax
            ? guests
            : throw new CommandFailure(ExitCode.Usage, $"--guests wants a number from 1 to {GuestPlan.GuestsMax}, not '{text}'");

    private List<string> Assumptions(GuestPlan plan, GuestKind kind) =>
    [
        Host is null
            ? $"the host is this one, with {Readable.Size(plan.Host.Bytes)}, and nothing else runs on it than the reserve allows for"
            : "nothing else runs on the host than the reserve allows for",
        Reserve is null
            ? $"{Readable.Size(plan.Host.ReserveBytes)} are enough for the kernel and ordinary services: 64 bytes for each page of memory, and 512 MiB (--reserve says otherwise)"
            : $"{Readable.Size(plan.Host.ReserveBytes)} are enough for all that is no guest (--reserve)",
        .. GuestWords.Assumptions(kind),
        .. plan.Guest.ResidentBytes < plan.Guest.SizeBytes
            ? [$"the {Readable.Size(plan.Guest.SizeBytes - plan.Guest.ResidentBytes)} that a guest has not touched yet stay untouched, except in the last figure of swap"]
            : Array.Empty<string>(),
        "guests arrive one after the other, each when those before it are merged",
    ];
}
