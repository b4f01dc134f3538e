namespace Samepage.Scenarios.Running;

/// <summary>How a scenario stands at one moment; a row of the series that the report draws. Bytes, and seconds of CPU time.</summary>
/// <param name="Seconds">Since it began.</param>
/// <param name="ProgramsUp">Programs that have come up and still run.</param>
public sealed record ScenarioMoment(double Seconds, int ProgramsUp)
{
    /// <summary>Memory that the programs were given, or hold unmerged where nobody gave them a size.</summary>
    public long ProgramBytes { get; init; }

    /// <summary>What the kernel charges to their control group, or what they occupy where they have none.</summary>
    public long UsedBytes { get; init; }

    /// <summary>What of theirs lies in swap.</summary>
    public long SwapBytes { get; init; }

    /// <summary>Memory of the whole host in use: all but what is available.</summary>
    public long HostUsedBytes { get; init; }

    /// <summary>What merging saves.</summary>
    public long SavedBytes { get; init; }

    /// <summary>Headroom by exposure; null where nothing is merged.</summary>
    public double? Coverage { get; init; }

    /// <summary>What merging has cost so far.</summary>
    public double EngineCpuSeconds { get; init; }

    /// <summary>What the programs have spent so far.</summary>
    public double ProgramCpuSeconds { get; init; }
}
