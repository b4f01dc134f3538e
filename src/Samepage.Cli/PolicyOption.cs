using System.CommandLine;
using Samepage.Policies;
using Samepage.Targets;

namespace Samepage.Cli;

/// <summary>The option by which a verb finds the policy.</summary>
internal static class PolicyOption
{
    public static Option<string?> Create() => new("--config")
    {
        Description = $"Read this policy, and conf.d/*.toml beside it, instead of {PolicyLoader.DefaultPath}",
        HelpName = "FILE",
    };

    /// <summary>The policy that holds.</summary>
    /// <exception cref="CommandFailure">A file is no policy, or cannot be read.</exception>
    public static Policy Load(ParseResult parsed, Option<string?> option)
    {
        try
        {
            return new PolicyLoader(new UserNames()).Load(parsed.GetValue(option));
        }
        catch (PolicyException error)
        {
            throw new CommandFailure(ExitCode.Usage, error.Message);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new CommandFailure(ExitCode.NotPermitted, error.Message);
        }
    }
}
