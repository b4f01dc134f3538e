using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Governing;

/// <summary>Takes samples of a real host, or of one that was made up. Changes nothing. Not thread-safe.</summary>
/// <param name="proc">The process file system.</param>
/// <param name="ksm">The kernel's merging.</param>
/// <param name="ksmd">Where its CPU time is read.</param>
/// <param name="clock">Tells the time, without jumps.</param>
public sealed class HostSampler(ProcFs proc, KsmSysfs ksm, KsmdThread ksmd, TimeProvider clock)
{
    /// <summary>New processes are looked for so often; counters are read at every sample.</summary>
    private static readonly TimeSpan s_surveyEvery = TimeSpan.FromSeconds(2);

    private readonly EligibleSurvey _survey = new(proc);
    private readonly long _start = clock.GetTimestamp();
    private (TimeSpan At, int Processes, long Bytes)? _surveyed;

    /// <summary>Takes a sample.</summary>
    /// <param name="promiseBytes">What an estimate says could still be saved; null without one.</param>
    /// <param name="isGrowthHeld">What the guard says.</param>
    /// <exception cref="LinuxException">/proc/meminfo cannot be read.</exception>
    public HostSample Take(long? promiseBytes = null, bool isGrowthHeld = false)
    {
        var now = clock.GetElapsedTime(_start);
        if (_surveyed is not { } survey || now - survey.At >= s_surveyEvery)
        {
            var (processes, bytes) = _survey.Look();
            _surveyed = survey = (now, processes, bytes);
        }

        var (memory, cpu) = (MemInfo.Read(proc), CpuTimes.TryRead(proc));
        return new HostSample(
            now, ksm.FullScans, ksm.PagesScanned, ksm.SavedPages, ksm.RmapItems, ksm.GeneralProfitBytes, ksmd.CpuNanoseconds,
            Pressure("cpu"), Pressure("memory"), memory.AvailableBytes, memory.TotalBytes,
            survey.Bytes, survey.Processes, promiseBytes, isGrowthHeld,
            cpu?.BusyNanoseconds, cpu?.Processors ?? 1, ksm.Number("sleep_millisecs") ?? 0);
    }

    private double Pressure(string resource) => PressureStall.TryRead($"{proc.Root}/pressure/{resource}")?.SomePercent ?? 0;
}
