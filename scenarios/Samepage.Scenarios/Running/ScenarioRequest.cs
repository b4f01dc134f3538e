using Samepage.Scenarios.Users;

namespace Samepage.Scenarios.Running;

/// <summary>Who merges.</summary>
public enum ScenarioEngine
{
    /// <summary>Nobody: the control.</summary>
    None,

    /// <summary>ksmd, paced by Samepage's governor.</summary>
    Kernel,

    /// <summary>Samepage's own merging, in a domain of the scenario's own.</summary>
    User,
}

/// <summary>What a scenario takes where the user names nothing. What it does not know is null, and naming it is an error.</summary>
/// <param name="Programs">How many guests or other programs.</param>
/// <param name="ProgramBytes">Memory of each.</param>
/// <param name="HostBytes">The memory that they may have together.</param>
public sealed record ScenarioDefaults(int Programs, long? ProgramBytes = null, long? HostBytes = null)
{
    /// <summary>The least and the most programs that make sense.</summary>
    public (int Min, int Max) ProgramsRange { get; init; } = (2, 512);

    /// <summary>The least and the most memory of a program.</summary>
    public (long Min, long Max) ProgramBytesRange { get; init; } = (1, long.MaxValue);

    /// <summary>Whether it can go on until no further program fits.</summary>
    public bool KnowsUntilFull { get; init; }

    /// <summary>Whether it can run without merging.</summary>
    public bool KnowsControl { get; init; }

    /// <summary>Whether the user engine can merge its programs; ksmd always can.</summary>
    public bool KnowsUserEngine { get; init; } = true;
}

/// <summary>What was asked for.</summary>
/// <param name="Engine">Who merges.</param>
/// <param name="Programs">How many programs.</param>
/// <param name="ProgramBytes">Memory of each; 0 where the scenario does not know it.</param>
/// <param name="HostBytes">The memory that they may have together; 0 where the scenario does not know it.</param>
public sealed record ScenarioRequest(ScenarioEngine Engine, int Programs, long ProgramBytes, long HostBytes)
{
    /// <summary>Go on beyond the number of programs until one is refused or something stops it.</summary>
    public bool UntilFull { get; init; }

    /// <summary>Coverage (headroom by exposure) that a further program may not push below; where the scenario asks the guard.</summary>
    public double CoverageFloor { get; init; } = 1;

    /// <summary>Run although other programs of the kind are running here.</summary>
    public bool Anyway { get; init; }

    /// <summary>Where what must survive a kill is noted.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Where what was built is kept between runs.</summary>
    public required string CacheDirectory { get; init; }

    /// <summary>The user engine; null where it cannot run here.</summary>
    public UserEngineFiles? UserFiles { get; init; }
}

/// <summary>Something that a scenario needs and this machine does not have.</summary>
/// <param name="Kind">Of what kind it is: it decides the exit code.</param>
/// <param name="What">What is missing and what would mend it, without a full stop.</param>
public sealed record ScenarioLack(ScenarioLackKind Kind, string What);

/// <summary>Why a scenario cannot run.</summary>
public enum ScenarioLackKind
{
    /// <summary>The machine or its kernel lacks it.</summary>
    Missing,

    /// <summary>The caller may not.</summary>
    NotPermitted,

    /// <summary>Somebody else holds what there is only once; nothing passes over it.</summary>
    Held,

    /// <summary>Others of the kind are at work now; <see cref="ScenarioRequest.Anyway"/> passes over it.</summary>
    Busy,
}
