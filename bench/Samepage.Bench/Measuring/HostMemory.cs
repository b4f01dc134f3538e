using Samepage.Linux;
using Samepage.Linux.Proc;

namespace Samepage.Bench.Measuring;

/// <summary>The host's memory at one moment, in bytes.</summary>
internal sealed record HostMemory(long AvailableBytes, long SharedBytes, long PageTableBytes, long UnreclaimableSlabBytes)
{
    public static HostMemory Read()
    {
        var text = KeyedText.Parse(KernelFile.ReadText("/proc/meminfo"));
        return new HostMemory(
            text.Bytes("MemAvailable") ?? 0, text.Bytes("Shmem") ?? 0, text.Bytes("PageTables") ?? 0,
            text.Bytes("SUnreclaim") ?? 0);
    }

    /// <summary>The median of some seconds: per-processor lists of free pages and short-lived processes make single readings jump.</summary>
    public static HostMemory Steady(TimeSpan span)
    {
        var readings = new List<HostMemory>();
        for (var end = DateTime.UtcNow + span; DateTime.UtcNow < end || readings.Count == 0; Thread.Sleep(50))
        {
            readings.Add(Read());
        }

        long Median(Func<HostMemory, long> of) => readings.Select(of).Order().ElementAt(readings.Count / 2);
        return new HostMemory(
            Median(r => r.AvailableBytes), Median(r => r.SharedBytes), Median(r => r.PageTableBytes),
            Median(r => r.UnreclaimableSlabBytes));
    }
}

/// <summary>Memory of some processes, in pages, and their mappings.</summary>
internal sealed record FleetMemory(long AnonymousPages, long SharedMemoryPages)
{
    public static FleetMemory Read(IEnumerable<int> pids)
    {
        var (proc, anonymous, shared) = (new ProcFs(), 0L, 0L);
        foreach (var pid in pids)
        {
            var text = KeyedText.Parse(proc.TryRead(pid, "status") ?? "");
            anonymous += (text.Bytes("RssAnon") ?? 0) / 4096;
            shared += (text.Bytes("RssShmem") ?? 0) / 4096;
        }

        return new FleetMemory(anonymous, shared);
    }

    /// <summary>How many mappings they have, all together.</summary>
    public static long Mappings(IEnumerable<int> pids) =>
        pids.Sum(pid => (new ProcFs().TryRead(pid, "maps") ?? "").AsSpan().Count('\n'));
}
