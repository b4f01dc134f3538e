using System.Text.RegularExpressions;
using Samepage.Merging.User;

namespace Samepage.Policies;

/// <summary>A rule: which processes, and what becomes of them.</summary>
/// <param name="Name">What it is called; a rule of the same name in a later file takes its place.</param>
/// <param name="Match">Which processes.</param>
/// <param name="Engine">Who merges their pages.</param>
/// <param name="Priority">How dear they are: the guard pushes out pages of the low only.</param>
/// <param name="Delay">How old a process must be before anything is done to it.</param>
/// <param name="Domain">The domain of the user engine; null with the others.</param>
/// <param name="Position">Where it stands.</param>
public sealed record PolicyRule(
    string Name, RuleMatch Match, RuleEngine Engine, RulePriority Priority, TimeSpan Delay, string? Domain, PolicyPosition Position)
{
    /// <summary>The domain of rules that name none.</summary>
    public const string DefaultDomain = DomainName.Default;
}

/// <summary>The conditions of a rule. All that are given must hold; at least one is given.</summary>
public sealed record RuleMatch
{
    /// <summary>A regular expression that matches somewhere in the command name, of at most 15 bytes.</summary>
    public string? CommandName { get; init; }

    /// <summary>A regular expression that matches somewhere in the arguments, joined by blanks.</summary>
    public string? CommandLine { get; init; }

    /// <summary>The effective user, by name or number, as it was written.</summary>
    public string? User { get; init; }

    /// <summary>A control group; those below belong to it.</summary>
    public string? ControlGroup { get; init; }

    /// <summary>A systemd unit, in which * stands for anything.</summary>
    public string? Unit { get; init; }

    /// <summary>A regular expression that matches somewhere in the name of a QEMU guest.</summary>
    public string? Guest { get; init; }

    /// <summary>Whether no condition is given.</summary>
    public bool IsEmpty => this == new RuleMatch();

    /// <summary>A pattern as rules have them: matching takes no more than linear time, whatever the pattern.</summary>
    /// <exception cref="ArgumentException">The pattern is no regular expression.</exception>
    /// <exception cref="NotSupportedException">It looks back or around, which such matching cannot.</exception>
    public static Regex Pattern(string text) => new(text, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
}

/// <summary>Who merges the pages of a process.</summary>
public enum RuleEngine
{
    /// <summary>The kernel: a process that runs is opted in.</summary>
    Kernel,

    /// <summary>Samepage's own engine, in processes that were launched so.</summary>
    User,

    /// <summary>Nobody: what Samepage switched on is switched off.</summary>
    Off,
}

/// <summary>How dear processes are.</summary>
public enum RulePriority
{
    /// <summary>Their cold pages are pushed out where memory must be had.</summary>
    Low,

    /// <summary>As others.</summary>
    Normal,

    /// <summary>As others.</summary>
    High,
}
