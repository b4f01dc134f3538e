using Samepage.Policies;
using Samepage.Targets;

namespace Samepage.Server.Rules;

/// <summary>A process as <see cref="RuleKeeper"/> knows it.</summary>
/// <param name="process">Which.</param>
/// <param name="look">At which look it was first seen.</param>
internal sealed class WatchedProcess(TargetProcess process, int look)
{
    public TargetProcess Process { get; set; } = process;

    public int FirstLook { get; } = look;

    public int SeenAt { get; set; } = look;

    /// <summary>Its rule; null where none is about it.</summary>
    public PolicyRule? Rule { get; set; }

    /// <summary>Its control groups, while a rule is about it.</summary>
    public IReadOnlyList<string> Groups { get; set; } = [];

    /// <summary>Whether what the rule wants is done, or need not be.</summary>
    public bool IsSettled { get; set; }

    /// <summary>Whether it is in the hands of the switch now.</summary>
    public bool IsUnderWay { get; set; }

    /// <summary>A refusal waits until here.</summary>
    public TimeSpan RetryAt { get; set; }

    /// <summary>How often it was refused.</summary>
    public int Refusals { get; set; }

    /// <summary>That a guard or a delay holds it was told.</summary>
    public bool IsWaitTold { get; set; }
}
