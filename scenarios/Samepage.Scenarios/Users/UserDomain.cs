using System.Diagnostics;
using Samepage.Linux;
using Samepage.Merging.User;
using Samepage.Merging.User.Keeping;

namespace Samepage.Scenarios.Users;

/// <summary>
/// A domain of the user engine for the programs of one scenario. Its keeper is started by hand and not by the first
/// member: until then the members only note what they offer, so that nothing is merged before it is meant to be. It ends by
/// itself, and tidily, when its members have: they are tied to this process's life, so it needs no tie of its own. Not
/// thread-safe.
/// </summary>
/// <param name="files">The engine.</param>
/// <param name="name">The domain; no other scenario has the same.</param>
public sealed class UserDomain(UserEngineFiles files, string name) : IDisposable
{
    /// <summary>A path without a file: a member that finds no keeper cannot start one.</summary>
    private const string NoKeeper = "/nonexistent/samepage";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan s_endPatience = TimeSpan.FromSeconds(3);

    private Process? _keeper;

    /// <summary>The domain.</summary>
    public string Name { get; } = name;

    /// <summary>The keeper's process.</summary>
    /// <exception cref="ScenarioException">It was not started.</exception>
    public int KeeperPid => _keeper?.Id ?? throw new ScenarioException($"domain {Name} has no keeper yet");

    /// <summary>What a program finds in its environment to become a member.</summary>
    /// <param name="offersAll">Whether all of its anonymous memory is offered, and not only what it advises itself.</param>
    /// <param name="isEager">Whether to merge without pause.</param>
    public IReadOnlyDictionary<string, string> Environment(bool offersAll, bool isEager = false)
    {
        var environment = new Dictionary<string, string>
        {
            ["LD_PRELOAD"] = files.Preload,
            ["SAMEPAGE_DOMAIN"] = Name,
            ["SAMEPAGE_KEEPER"] = NoKeeper,
        };
        if (offersAll)
        {
            environment["SAMEPAGE_ADVISE"] = "all";
        }

        if (isEager)
        {
            environment["SAMEPAGE_PACE"] = "eager";
        }

        return environment;
    }

    /// <summary>Starts the keeper, and with it the merging.</summary>
    public void StartKeeper()
    {
        string[] arguments = ["keeper", "--domain", Name, "--detach", "--grace", "200ms"];
        _keeper = Process.Start(new ProcessStartInfo(files.Executable, arguments) { RedirectStandardInput = true });
    }

    /// <summary>What the keeper knows of the domain; null where it does not answer (yet).</summary>
    public DomainReport? Ask()
    {
        try
        {
            return DomainQuery.Ask(DomainName.TryParse(Name)!, s_patience);
        }
        catch (Exception error) when (error is LinuxException or IOException)
        {
            return null;
        }
    }

    /// <summary>
    /// Waits for the keeper's end, which follows that of its last member. One that members still hold is killed: what is
    /// merged stays merged in them.
    /// </summary>
    public void Dispose()
    {
        if (_keeper is { } keeper)
        {
            if (!keeper.WaitForExit(s_endPatience))
            {
                keeper.Kill();
                keeper.WaitForExit();
            }

            keeper.Dispose();
            _keeper = null;
        }
    }
}
