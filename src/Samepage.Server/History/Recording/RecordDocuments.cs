using System.Text.Json.Serialization;
using Samepage.Governing;
using Samepage.Policies;

namespace Samepage.Server.History.Recording;

/// <summary>What a record is of, as <c>samepage.record/1</c>; the first file in it.</summary>
/// <param name="Schema">What this is.</param>
/// <param name="Samepage">The version that wrote it.</param>
/// <param name="TakenAt">When it was finished.</param>
/// <param name="Machine">Of which machine.</param>
/// <param name="Governor">What the governor was allowed.</param>
/// <param name="Samples">How many samples of the host were taken for it.</param>
/// <param name="FirstSampleAt">When the first of them was taken; null where there are none.</param>
public sealed record RecordHead(string Schema, string Samepage, DateTimeOffset TakenAt, RecordedMachine Machine, RecordedBudget Governor, int Samples, DateTimeOffset? FirstSampleAt)
{
    /// <summary>The schema's name.</summary>
    public const string SchemaName = "samepage.record/1";
}

/// <summary>A machine, without what names it.</summary>
/// <param name="Kernel">The kernel's release.</param>
/// <param name="Cpu">The processor.</param>
/// <param name="CpuCount">How many of them.</param>
/// <param name="MemoryBytes">Its memory.</param>
public sealed record RecordedMachine(string Kernel, string Cpu, int CpuCount, long MemoryBytes);

/// <summary>The governor's section of the policy.</summary>
/// <param name="CpuBudgetPercent">Of one core.</param>
/// <param name="CpuBudgetOverSeconds">Averaged over.</param>
/// <param name="CpuGentlePercent">The pace while programs are at work; of the burst's where it is an older record, which knew no other.</param>
public sealed record RecordedBudget(double CpuBudgetPercent, double CpuBudgetOverSeconds, double CpuGentlePercent = 50)
{
    /// <summary>As the governor takes it.</summary>
    /// <exception cref="InvalidDataException">The values make no sense.</exception>
    public GovernorOptions ToOptions() => CpuBudgetPercent is >= 0.1 and <= 100 && CpuBudgetOverSeconds is >= 20 and <= 86400 && CpuGentlePercent is >= 0.1 and <= 95
        ? new GovernorPolicy { CpuBudgetPercent = CpuBudgetPercent, CpuBudgetOver = TimeSpan.FromSeconds(CpuBudgetOverSeconds), CpuGentlePercent = CpuGentlePercent }.ToOptions()
        : throw new InvalidDataException("its governor's budget makes no sense");
}

/// <summary>One look at a host: a line of <c>samples.jsonl</c>. The names are those of <see cref="HostSample"/>; what the daemon itself takes is not recorded.</summary>
public sealed record RecordedSample(
    double AtSeconds, long FullScans, long? ScannedPages, long SavedPages, long TrackedPages, long? ProfitBytes, long? KsmdCpuNanoseconds,
    double CpuPressurePercent, double MemoryPressurePercent, long AvailableBytes, long TotalBytes, long EligibleBytes, int EligibleProcesses, bool GrowthHeld,
    long? BusyCpuNanoseconds = null, int Processors = 1, long SleepMilliseconds = 0)
{
    /// <summary>From a sample.</summary>
    public static RecordedSample Of(HostSample sample) => new(
        sample.At.TotalSeconds, sample.FullScans, sample.PagesScanned, sample.SavedPages, sample.TrackedPages, sample.ProfitBytes, sample.KsmdCpuNanoseconds,
        sample.CpuPressure, sample.MemoryPressure, sample.AvailableBytes, sample.TotalBytes, sample.EligibleBytes, sample.EligibleProcesses, sample.IsGrowthHeld,
        sample.BusyCpuNanoseconds, sample.Processors, sample.SleepMilliseconds);

    /// <summary>As the governor takes it.</summary>
    public HostSample ToSample() => new(
        TimeSpan.FromSeconds(AtSeconds), FullScans, ScannedPages, SavedPages, TrackedPages, ProfitBytes, KsmdCpuNanoseconds, CpuPressurePercent,
        MemoryPressurePercent, AvailableBytes, TotalBytes, EligibleBytes, EligibleProcesses, IsGrowthHeld: GrowthHeld,
        BusyCpuNanoseconds: BusyCpuNanoseconds, Processors: Math.Max(1, Processors), SleepMilliseconds: SleepMilliseconds);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RecordHead))]
[JsonSerializable(typeof(RecordedSample))]
internal sealed partial class RecordJson : JsonSerializerContext;
