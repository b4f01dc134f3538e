namespace Samepage.Governing;

/// <summary>One look at a host, with all that <see cref="Governor"/> decides by. Counters count since boot.</summary>
/// <param name="At">When, on a clock that never jumps; only differences matter.</param>
/// <param name="FullScans">Whole passes of ksmd.</param>
/// <param name="PagesScanned">Pages that ksmd has looked at; null where the kernel does not count them (before 6.6).</param>
/// <param name="SavedPages">Frames saved now: sharing plus zero pages.</param>
/// <param name="TrackedPages">Pages that ksmd keeps metadata for now: as many as a pass goes over.</param>
/// <param name="ProfitBytes">The kernel's <c>general_profit</c>; null before 6.4.</param>
/// <param name="KsmdCpuNanoseconds">CPU time of ksmd; null where its thread cannot be seen.</param>
/// <param name="CpuPressure">PSI: percent of the last ten seconds in which somebody waited for a CPU; 0 where unknown.</param>
/// <param name="MemoryPressure">The same for memory.</param>
/// <param name="AvailableBytes">What new programs could have without swapping.</param>
/// <param name="TotalBytes">Memory of the host.</param>
/// <param name="EligibleBytes">Memory of the processes that opted in.</param>
/// <param name="EligibleProcesses">How many those are.</param>
/// <param name="PromiseBytes">What an estimate says could still be saved; null without one.</param>
/// <param name="IsGrowthHeld">The guard wants no further growth of what is merged.</param>
/// <param name="BusyCpuNanoseconds">What all processors were busy, with anything; null where unknown.</param>
/// <param name="Processors">How many there are.</param>
/// <param name="SleepMilliseconds">ksmd's pause after a turn, as it is set now; 0 where unknown.</param>
/// <param name="IsPromisePartial">The estimate was of some processes only: what it does not promise may be there all the same.</param>
/// <param name="DaemonCpuNanoseconds">CPU time of whoever drives ksmd, since its start; null where unknown.</param>
public sealed record HostSample(
    TimeSpan At, long FullScans, long? PagesScanned, long SavedPages, long TrackedPages, long? ProfitBytes,
    long? KsmdCpuNanoseconds, double CpuPressure, double MemoryPressure, long AvailableBytes, long TotalBytes,
    long EligibleBytes, int EligibleProcesses, long? PromiseBytes = null, bool IsGrowthHeld = false,
    long? BusyCpuNanoseconds = null, int Processors = 1, long SleepMilliseconds = 0, bool IsPromisePartial = false,
    long? DaemonCpuNanoseconds = null)
{
    /// <summary>The size of a page.</summary>
    public const long PageSize = 4096;

    /// <summary>What merging saves now, before metadata.</summary>
    public long SavedBytes => SavedPages * PageSize;

    /// <summary>The part of the host's memory that is available, from 0 to 1; 1 where the host's size is unknown.</summary>
    public double AvailableShare => TotalBytes > 0 ? (double)AvailableBytes / TotalBytes : 1;
}
