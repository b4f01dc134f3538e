using Samepage.Guarding;
using Samepage.Linux.Proc;

namespace Samepage.Tests.Injection;

/// <summary>The arithmetic of the guard on made-up hosts.</summary>
public sealed class BreakGuardTests : IDisposable
{
    private const long Mebi = 1 << 20;
    private readonly string _root = Directory.CreateTempSubdirectory("samepage-guard-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void The_host_supplies_available_memory_and_free_swap_less_a_reserve()
    {
        Host(availableMebi: 100, swapMebi: 50, group: "0::/");
        Assert.Null(Guard().Refusal(7, (150 * Mebi) - BreakGuard.ReserveBytes));
        Assert.Equal(
            "needs up to 86.0 MiB, but the host could supply 100.0 MiB of memory + 50.0 MiB of swap - 64.0 MiB reserve",
            Guard().Refusal(7, (150 * Mebi) - BreakGuard.ReserveBytes + 1));
    }

    [Fact]
    public void The_tightest_group_of_version_2_counts()
    {
        Host(availableMebi: 10_000, swapMebi: 30, group: "0::/machine/guest");
        Write("cgroup.controllers", "memory\n");
        Write("machine/memory.max", $"{200 * Mebi}\n");
        Write("machine/memory.current", $"{190 * Mebi}\n");
        Write("machine/memory.stat", $"inactive_file {5 * Mebi}\nactive_file {1 * Mebi}\nfile {40 * Mebi}\n");
        Write("machine/memory.swap.max", $"{20 * Mebi}\n");
        Write("machine/memory.swap.current", $"{4 * Mebi}\n");
        Write("machine/guest/memory.max", "max\n");
        Write("machine/guest/memory.current", $"{150 * Mebi}\n");
        Assert.Null(Guard().Refusal(7, 32 * Mebi));
        Assert.Equal(
            "needs up to 32.0 MiB, but control group /machine could supply 200.0 MiB limit - 190.0 MiB used + 6.0 MiB of file pages + 16.0 MiB of swap",
            Guard().Refusal(7, (32 * Mebi) + 1));
    }

    [Fact]
    public void Version_1_limits_memory_and_swap_together()
    {
        Host(availableMebi: 10_000, swapMebi: 1000, group: "5:cpu:/other\n4:memory:/guest");
        Write("memory/guest/memory.limit_in_bytes", $"{100 * Mebi}\n");
        Write("memory/guest/memory.usage_in_bytes", $"{90 * Mebi}\n");
        Write("memory/guest/memory.memsw.limit_in_bytes", $"{130 * Mebi}\n");
        Write("memory/guest/memory.memsw.usage_in_bytes", $"{105 * Mebi}\n");
        Write("memory/guest/memory.stat", $"total_inactive_file {2 * Mebi}\ntotal_active_file 0\n");
        Assert.Null(Guard().Refusal(7, 27 * Mebi));
        Assert.NotNull(Guard().Refusal(7, (27 * Mebi) + 1));
    }

    [Fact]
    public void No_limit_is_no_obstacle()
    {
        Host(availableMebi: 10_000, swapMebi: 0, group: "4:memory:/guest");
        Write("memory/guest/memory.limit_in_bytes", "9223372036854771712\n");
        Write("memory/guest/memory.usage_in_bytes", $"{90 * Mebi}\n");
        Assert.Null(Guard().Refusal(7, 5000 * Mebi));
    }

    private BreakGuard Guard() => new(new ProcFs($"{_root}/proc"), $"{_root}/cgroup");

    private void Host(long availableMebi, long swapMebi, string group)
    {
        Directory.CreateDirectory($"{_root}/proc/7");
        File.WriteAllText($"{_root}/proc/meminfo", $"MemTotal: 1 kB\nMemAvailable: {availableMebi * 1024} kB\nSwapFree: {swapMebi * 1024} kB\n");
        File.WriteAllText($"{_root}/proc/7/cgroup", group + "\n");
    }

    private void Write(string path, string text)
    {
        var full = Path.Combine(_root, "cgroup", path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
