using System.CommandLine;
using System.Globalization;
using Samepage.Cli.Rendering;
using Samepage.Linux.Proc;
using Samepage.Planning;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage plan</c>: how many guests fit in a host, and what must be ready for the day when their pages part.</summary>
internal static class PlanCommand
{
    private static readonly Option<string?> s_guests = new("--guests") { Description = "How many guests (default: as many as fit)", HelpName = "N" };
    private static readonly Option<string> s_size = new("--guest-size") { Description = "The memory that each is given: 512M, 1G, 1.5G", HelpName = "SIZE", Required = true };
    private static readonly Option<string?> s_host = new("--host") { Description = "The memory of the host (default: of this one)", HelpName = "SIZE" };
    private static readonly Option<string?> s_reserve = new("--reserve") { Description = "Of that, what is not for guests (default: 1/64 for the kernel's page structures, and 512 MiB)", HelpName = "SIZE" };
    private static readonly Option<string?> s_swap = new("--swap") { Description = "Swap that the host has (default: none)", HelpName = "SIZE" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Write JSON instead of text" };

    public static Command Create()
    {
        var command = new Command("plan", "Say how many guests of a size fit in a host, and what they need if all merged pages break.");
        foreach (var option in new Option[] { s_guests, s_size, s_host, s_reserve, s_swap })
        {
            command.Options.Add(option);
        }

        var guest = new GuestOptions().AddTo(command);
        command.Options.Add(s_json);
        Manual.Add(
            command,
            "The answer is arithmetic about a host that need not exist. What guests share is measured (--like, --estimate) or taken to be nothing. Exposure is what would be needed if every merged page broke at once, headroom what the host has left once all is merged, coverage headroom by exposure. The swap to have ready closes the gap. Each assumption is printed.",
            "Exit status: 0 the plan was made, whether the guests fit or not; 2 a size, a file or the host will not do; 4 not permitted to look at a process of --like; 5 such a process is gone or unsuitable.");
        command.SetVerb((parsed, cancel) => Run(parsed, guest, cancel));
        return command;
    }

    private static int Run(ParseResult parsed, GuestOptions guestOptions, CancellationToken cancel)
    {
        var size = SizeText.Parse("--guest-size", parsed.GetValue(s_size)!);
        var guests = parsed.GetValue(s_guests) is { } count ? Guests(count) : 0;
        var host = Host(parsed);
        var kind = guestOptions.Read(parsed, size, cancel);
        var plan = new GuestPlan(host, kind.Demand, guests);
        if (plan.GuestsFit == 0)
        {
            throw new CommandFailure(ExitCode.Usage, $"a host of {Readable.Size(host.Bytes)} is too small: {Readable.Size(host.ForGuestsBytes)} are left after the reserve, and one guest needs {Readable.Size((plan with { Guests = 1 }).PeakBytes)}; see --host and --reserve");
        }

        plan = guests == 0 ? plan with { Guests = plan.GuestsFit } : plan;
        var assumptions = Assumptions(parsed, plan, kind);
        if (parsed.GetValue(s_json))
        {
            Console.Out.Write(PlanJson.From(plan, kind, assumptions).ToText());
        }
        else
        {
            PlanText.Write(ConsoleText.StandardOutput(), plan, assumptions);
        }

        return ExitCode.Done;
    }

    private static PlannedHost Host(ParseResult parsed)
    {
        var bytes = parsed.GetValue(s_host) is { } text ? SizeText.Parse("--host", text) : MemInfo.Read(new ProcFs()).TotalBytes;
        var reserve = parsed.GetValue(s_reserve) is { } kept ? SizeText.Parse("--reserve", kept, isZeroAllowed: true) : PlannedHost.UsualReserveBytes(bytes);
        var swap = parsed.GetValue(s_swap) is { } given ? SizeText.Parse("--swap", given, isZeroAllowed: true) : 0;
        return reserve < bytes
            ? new PlannedHost(bytes, reserve, swap)
            : throw new CommandFailure(ExitCode.Usage, $"a host of {Readable.Size(bytes)} is too small: {Readable.Size(reserve)} are kept for itself; see --host and --reserve");
    }

    private static int Guests(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var guests) && guests is >= 1 and <= GuestPlan.GuestsMax
            ? guests
            : throw new CommandFailure(ExitCode.Usage, $"--guests wants a number from 1 to {GuestPlan.GuestsMax}, not '{text}'");

    private static List<string> Assumptions(ParseResult parsed, GuestPlan plan, GuestKind kind) =>
    [
        parsed.GetValue(s_host) is null
            ? $"the host is this one, with {Readable.Size(plan.Host.Bytes)}, and nothing else runs on it than the reserve allows for"
            : "nothing else runs on the host than the reserve allows for",
        parsed.GetValue(s_reserve) is null
            ? $"{Readable.Size(plan.Host.ReserveBytes)} are enough for the kernel and ordinary services: 64 bytes for each page of memory, and 512 MiB (--reserve says otherwise)"
            : $"{Readable.Size(plan.Host.ReserveBytes)} are enough for all that is no guest (--reserve)",
        .. GuestWords.Assumptions(kind),
        .. plan.Guest.ResidentBytes < plan.Guest.SizeBytes
            ? [$"the {Readable.Size(plan.Guest.SizeBytes - plan.Guest.ResidentBytes)} that a guest has not touched yet stay untouched, except in the last figure of swap"]
            : Array.Empty<string>(),
        "guests arrive one after the other, each when those before it are merged",
    ];
}
