using Samepage.Governing;
using Samepage.Server.History;
using Samepage.Server.Service;
using Samepage.Tests.Serving;

namespace Samepage.Tests.History;

/// <summary>What the daemon's turns come to, who its processes are, and which keepers are down.</summary>
public sealed class HistorySamplerTests
{
    [Fact]
    public void Ten_seconds_of_turns_are_a_sample_with_the_worst_of_them()
    {
        using var host = new MadeUpHost();
        host.Merged(64);
        host.SetKnob("general_profit", "1000");
        using var daemon = host.Start();
        var samples = new List<HistorySample>();
        var sampler = new HistorySampler(host.Options.Roots.Proc, host.Clock, () => [], samples.Add);
        for (var turn = 0; turn < 42; turn++)
        {
            // For one turn there is next to no memory, and ksmd takes half a core throughout.
            host.Memory(availableMiB: turn == 5 ? 100 : 8192, swapFreeMiB: 0);
            File.WriteAllText($"{host.Root}/proc/40/schedstat", $"{turn * 250_000_000L} 0 0\n");
            host.Pass(daemon, 0.5);
            sampler.Observe(daemon.Status!);
        }

        Assert.Equal([0, 10], samples.Take(2).Select(sample => sample.At - samples[0].At));
        double? Of(int sample, string name) => samples[sample].Values[HistorySeries.IndexOf(name)];
        Assert.Equal(64L << 20, Of(0, "saved_bytes"));
        Assert.Equal(1000, Of(0, "profit_bytes"));
        Assert.InRange(Of(0, "coverage")!.Value, 0.5, 0.6);
        Assert.InRange(Of(1, "coverage")!.Value, 120, 130);
        Assert.Equal(100L << 20, Of(0, "available_bytes"));
        Assert.InRange(Of(1, "ksmd_cpu_share")!.Value, 0.45, 0.55);

        // The guard holds growth for a minute after that one turn.
        Assert.Equal("held", HistoryAnswer.GovernorModes[(int)Of(1, "governor_mode")!.Value]);
        Assert.All(HistorySeries.Host.Select(series => series.Name).Except(["coverage", "ksmd_cpu_share", "own_cpu_share"]), name => Assert.NotNull(Of(1, name)));
    }

    [Fact]
    public void A_process_is_known_by_its_start_and_a_guest_by_its_name()
    {
        using var host = new MadeUpHost();
        host.Process(7, "qemu-system-x86", startTicks: 55);
        File.WriteAllText($"{host.Root}/proc/7/cmdline", "/usr/bin/qemu-system-x86_64\0-name\0guest=web\u0007,debug-threads=on\0");
        var looks = new ProcessHistory(host.Options.Roots.Proc, () => [new ProcessMerging(7, "x", 10, 5, 20, OptInKind.Regions, true), new ProcessMerging(8, "gone", 1, 1, 1, OptInKind.Regions, true)]);
        Assert.Equal([new ProcessSample(new ProcessIdentity(7, 55, "11111111-2222", "qemu-system-x86", "web?"), 15, 20)], looks.Look());
        host.Process(7, "other", startTicks: 99);
        Assert.Equal(new ProcessIdentity(7, 99, "11111111-2222", "other", null), looks.Look().Single().Identity);
    }

    [Fact]
    public void A_keeper_is_down_where_it_left_its_socket_and_does_not_answer()
    {
        var none = new Dictionary<string, bool>();
        var up = DomainPoller.Follow(none, ["web"], [], ["web", "old"]);
        Assert.Equal(new Dictionary<string, bool> { ["web"] = true }, up);
        Assert.Equal(new Dictionary<string, bool> { ["web"] = false }, DomainPoller.Follow(up, [], [], ["web", "old"]));
        Assert.Equal(new Dictionary<string, bool> { ["mail"] = false, ["web"] = true }, DomainPoller.Follow(up, ["web"], ["mail"], ["web", "mail"]));
        Assert.Empty(DomainPoller.Follow(up, [], [], []));
    }
}
