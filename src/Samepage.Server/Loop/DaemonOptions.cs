using Samepage.Guarding.Swapping;
using Samepage.Policies;
using Samepage.Server.Rules;
using Samepage.Targets;

namespace Samepage.Server.Loop;

/// <summary>What a daemon works with.</summary>
public sealed record DaemonOptions
{
    /// <summary>The host.</summary>
    public HostRoots Roots { get; init; } = HostRoots.Live;

    /// <summary>Where settings found, swap and the like are kept.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Act on nothing.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Reads the policy, at the start and at each reload.</summary>
    public required Func<Policy> ReadPolicy { get; init; }

    /// <summary>Who are users of this machine.</summary>
    public UserNames Users { get; init; } = new();

    /// <summary>The clock; its timestamps must not jump, its time of day may.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>What the daemon itself has spent of processors' time since its start, which its budget bears; null: that is not counted.</summary>
    public Func<TimeSpan>? OwnCpu { get; init; }

    /// <summary>Switches merging on and off for processes; null: nobody does.</summary>
    public IProcessSwitch? Switch { get; init; }

    /// <summary>The kernel's swap; null: none is provided.</summary>
    public ISwapKernel? Swap { get; init; }

    /// <summary>Pushes memory of processes out; null: nobody does.</summary>
    public Func<IReadOnlyList<TargetProcess>, long, (long Bytes, int Processes)>? Push { get; init; }

    /// <summary>Runs what the guard orders that may take a while; null: at once.</summary>
    public Action<Action>? PostGuard { get; init; }

    /// <summary>Runs the switching of processes, which may take as long as they like; null: at once.</summary>
    public Action<Action>? PostRules { get; init; }

    /// <summary>What an estimate promised and ksmd has not saved yet, by what it saves now; null: nobody estimates.</summary>
    public Func<long, long?>? Promise { get; init; }

    /// <summary>Asks the domains of the user engine; null: there are none.</summary>
    public Func<IReadOnlyList<Merging.User.Keeping.DomainReport>>? AskDomains { get; init; }
}
