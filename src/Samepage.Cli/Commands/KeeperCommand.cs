using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Samepage.Linux;
using Samepage.Merging.User;
using Samepage.Merging.User.Keeping;

namespace Samepage.Cli.Commands;

/// <summary>
/// <c>samepage keeper</c>: the process that keeps a domain of the user engine. Members start it, people need not, so the
/// help does not list it.
/// </summary>
internal static class KeeperCommand
{
    public static Command Create()
    {
        var domain = DomainOption.Create("The domain to keep");
        var detach = new Option<bool>("--detach") { Description = "Leave session, directory and terminal of whoever started it" };
        var users = new Option<string[]>("--allow-user") { Description = "Another user whose processes may join, by number", HelpName = "UID" };
        var notes = new Option<long?>("--notes-max") { Description = "Contents that one member may have noted (default: 33554432)", HelpName = "N" };
        var grace = new Option<string?>("--grace") { Description = "Time to stay after the last member has left (default: 2s)", HelpName = "TIME" };
        var retire = new Option<string?>("--retire-after") { Description = "Least age of a segment that is to be emptied (default: 30s)", HelpName = "TIME" };
        var command = new Command("keeper", "Keep a domain of the user engine until its last member has left.") { domain, detach, users, notes, grace, retire };
        command.Hidden = true;
        command.SetVerb((parsed, cancel) =>
        {
            var defaults = new KeeperOptions();
            var options = new KeeperOptions
            {
                AllowedUsers = [.. (parsed.GetValue(users) ?? []).Select(UserNumber)],
                NotesPerMember = parsed.GetValue(notes) ?? defaults.NotesPerMember,
                Grace = parsed.GetValue(grace) is { } time ? DurationText.Parse("--grace", time) : defaults.Grace,
                RetireAfter = parsed.GetValue(retire) is { } age ? DurationText.Parse("--retire-after", age) : defaults.RetireAfter,
            };
            return Keep(DomainOption.Value(parsed, domain) ?? DomainName.TryParse(DomainName.Default)!, options, parsed.GetValue(detach), cancel);
        });
        return command;
    }

    private static int Keep(DomainName name, KeeperOptions options, bool isDetached, CancellationToken cancel)
    {
        // The end of the terminal that its first member was started from is not the domain's.
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, static signal => signal.Cancel = true);
        var hasKept = KeeperProgram.Run(name, options, () => Detach(isDetached), cancel);
        if (!hasKept && !isDetached)
        {
            StandardError.Tell($"domain {name} has a keeper already");
        }

        return ExitCode.Done;
    }

    /// <summary>Late, so that what goes wrong before can still be told.</summary>
    private static void Detach(bool isDetached)
    {
        if (isDetached)
        {
            Session.Detach();
        }
    }

    private static uint UserNumber(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var user)
        ? user
        : throw new CommandFailure(ExitCode.Usage, $"--allow-user wants the number of a user, not '{text}'");
}
