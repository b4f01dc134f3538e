using System.CommandLine;
using Samepage.Merging.User;

namespace Samepage.Cli;

/// <summary>The option by which a verb names a domain.</summary>
internal static class DomainOption
{
    public static Option<string?> Create(string description) => new("--domain") { Description = description, HelpName = "NAME" };

    /// <summary>Says that a keeper was found and gave no answer.</summary>
    public static void TellSilent(string label, string why) => StandardError.Tell($"domain {label}: {why}");

    /// <summary>The domain named; null where none is.</summary>
    /// <exception cref="CommandFailure">The name is none.</exception>
    public static DomainName? Value(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) is not { } text
        ? null
        : DomainName.TryParse(text)
            ?? throw new CommandFailure(ExitCode.Usage, $"--domain wants up to {DomainName.LengthMax} of A-Z, a-z, 0-9, '.', '_' and '-', not beginning with '.'; not '{text}'");
}
