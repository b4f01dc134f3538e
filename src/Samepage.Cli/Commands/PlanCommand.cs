using System.CommandLine;
using Samepage.Cli.Rendering;

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
            "The answer is arithmetic about a host that need not exist. What guests share is measured (--like, --estimate) or taken to be nothing. Exposure is what would be needed if every merged page broke at once, headroom what the host has left once all is merged, coverage headroom divided by exposure. The swap to have ready closes the gap. Each assumption is printed.",
            "Exit status: 0 the plan was made, whether the guests fit or not; 2 a size, a file or the host will not do; 4 not permitted to look at a process of --like; 5 such a process is gone or unsuitable.");
        command.SetVerb((parsed, cancel) => Run(parsed, guest, cancel));
        return command;
    }

    private static int Run(ParseResult parsed, GuestOptions guestOptions, CancellationToken cancel)
    {
        var request = new PlanRequest(
            parsed.GetValue(s_size)!, parsed.GetValue(s_guests), parsed.GetValue(s_host), parsed.GetValue(s_reserve), parsed.GetValue(s_swap));
        var (plan, kind, assumptions) = request.Make(size => guestOptions.Read(parsed, size, cancel));
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
}
