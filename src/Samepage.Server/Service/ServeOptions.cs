using Samepage.Policies;
using Samepage.Server.Dashboard;
using Samepage.Server.Rules;

namespace Samepage.Server.Service;

/// <summary>What an operator may set of <c>samepage serve</c> besides the policy.</summary>
public sealed record ServeOptions
{
    /// <summary>Reads the policy.</summary>
    public required Func<Policy> ReadPolicy { get; init; }

    /// <summary>Act on nothing.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Where settings found, swap and the like are kept.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Where the lock and the control socket lie.</summary>
    public required string RunDirectory { get; init; }

    /// <summary>The host's process file system, where ksmd's thread is looked for; null: the one of this pid namespace.</summary>
    public string? HostProc { get; init; }

    /// <summary>Where HTTP listens, whatever the policy says; "off": nowhere; null: as the policy says.</summary>
    public string? Listen { get; init; }

    /// <summary>Switches merging on and off for processes.</summary>
    public required IProcessSwitch Switch { get; init; }

    /// <summary>Answers what an operator wonders about from the dashboard; null: nobody does.</summary>
    public IWhatIf? WhatIf { get; init; }
}

/// <summary>Another daemon serves from the same directory.</summary>
/// <param name="path">The lock that it holds.</param>
public sealed class DaemonHeldException(string path)
    : Exception($"another samepage serves already (it holds {path}); stop it first: one host has one ksmd, and so one daemon");
