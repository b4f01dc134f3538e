using System.Text.RegularExpressions;

namespace Samepage.Targets;

/// <summary>
/// Which processes a command is about. Several conditions of one kind widen the choice, different kinds narrow it:
/// <c>--comm qemu --user libvirt</c> is QEMU processes of that user.
/// </summary>
public sealed record TargetQuery
{
    /// <summary>Processes by number.</summary>
    public IReadOnlyList<int> Pids { get; init; } = [];

    /// <summary>A regular expression that must match somewhere in the command name.</summary>
    public Regex? CommandName { get; init; }

    /// <summary>A control group path, absolute or as in /proc/PID/cgroup; its children belong to it.</summary>
    public string? ControlGroup { get; init; }

    /// <summary>The effective user, as a number.</summary>
    public uint? UserId { get; init; }

    /// <summary>A process and all its descendants.</summary>
    public int? TreeRoot { get; init; }

    /// <summary>Every process that the caller may read.</summary>
    public bool All { get; init; }

    /// <summary>Whether nothing at all was asked for.</summary>
    public bool IsEmpty =>
        Pids.Count == 0 && CommandName is null && ControlGroup is null && UserId is null && TreeRoot is null && !All;
}
