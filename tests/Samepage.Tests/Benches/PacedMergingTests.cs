extern alias bench;

using bench::Samepage.Bench.Contest;
using bench::Samepage.Bench.Peers;
using Samepage.Linux.Sys;

namespace Samepage.Tests.Benches;

/// <summary>ksmd, and who paces it, stand still for a while and go on as before.</summary>
public sealed class PacedMergingTests
{
    [Fact]
    public void Who_is_paused_twice_goes_on_all_the_same()
    {
        using var tree = new TemporaryTree();
        tree["run"] = "1\n";
        var peer = new CountingPeer();
        using var merging = new PacedMerging(peer, new KsmSysfs(tree.Root));
        merging.Resume();
        Assert.Equal(("1", 0), (Run(tree), peer.Pauses));
        merging.Pause();
        merging.Pause();
        Assert.Equal(("0", 1), (Run(tree), peer.Pauses));
        merging.Resume();
        merging.Resume();
        Assert.Equal(("1", 0), (Run(tree), peer.Pauses));
    }

    private static string Run(TemporaryTree tree) => File.ReadAllText(tree.PathOf("run")).Trim();

    private sealed class CountingPeer : IPeer
    {
        public int Pauses { get; private set; }

        public string Name => "counting";

        public double CpuSeconds => 0;

        public long ResidentBytes => 0;

        public void Begin()
        {
        }

        public void Pause() => Pauses++;

        public void Resume() => Pauses--;

        public void Dispose()
        {
        }
    }
}
