using System.Diagnostics;
using Samepage.Bench.Measuring;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Swapping;
using Samepage.Linux.Sys;
using Samepage.Scenarios;
using Samepage.Scenarios.Limits;

namespace Samepage.Bench.Peers;

/// <summary>
/// Guests in a control group are merged; then the group may have little more than they take by now; then all of them at
/// once write over what they had in common.
/// </summary>
internal sealed class StormTrial(int guests, int megabytes, IPeer peer, KsmSysfs ksm, string swapDirectory) : IDisposable
{
    private const long Slack = 64L << 20;
    private static readonly TimeSpan s_mergePatience = TimeSpan.FromMinutes(3), s_guardPatience = TimeSpan.FromSeconds(30), s_stormPatience = TimeSpan.FromMinutes(10);
    private readonly MemoryGroup _group = new("storm");
    private readonly string _emulator = Path.Combine(Path.GetTempPath(), $"samepage-storm-{Environment.ProcessId}");
    private ProgramFleet? _fleet;

    private IEnumerable<SwapArea> OwnSwap => SwapArea.ReadAll(new ProcFs()).Where(area => area.Path.StartsWith(swapDirectory, StringComparison.Ordinal));

    /// <summary>Runs it to its end.</summary>
    public StormOutcome Run()
    {
        WriteEmulator();
        _fleet = GuestRecipe.Fleet(GuestRecipe.Alike(guests, megabytes), NativeProgram.NoEnvironment, emulator: _emulator);
        _fleet.Start(null, CancellationToken.None);
        var unmerged = _group.UsedBytes;
        peer.Begin();
        AwaitMerging();
        var merged = _group.UsedBytes;
        var saved = ksm.SavedPages * 4096;
        _group.Limit(merged + Slack);
        Thread.Sleep(s_guardPatience);
        var swap = OwnSwap.Sum(area => area.TotalBytes);
        var clock = Stopwatch.StartNew();
        Rewrite();
        var seconds = clock.Elapsed.TotalSeconds;
        var running = _fleet.Programs.Count(program => program.IsRunning);
        var right = _fleet.Verify(CancellationToken.None).Count(check => check is { IsUnchanged: true });
        return new StormOutcome(peer.Name, guests, unmerged, merged, saved, swap, seconds, _group.UsedBytes, OwnSwap.Sum(area => area.UsedBytes), running, right, _group.Kills);
    }

    /// <summary>Swap that the daemon leaves on is taken away last, when nobody needs it any more.</summary>
    public void Dispose()
    {
        _fleet?.Dispose();
        peer.Dispose();
        foreach (var area in OwnSwap)
        {
            SwapSpace.SwitchOff(area.Path);
        }

        if (Directory.Exists(swapDirectory))
        {
            Directory.Delete(swapDirectory, recursive: true);
        }

        File.Delete(_emulator);
        _group.Dispose();
    }

    /// <summary>The emulator goes into the group by itself, before it has any memory.</summary>
    private void WriteEmulator()
    {
        File.WriteAllText(_emulator, $"#!/bin/sh\necho $$ >'{_group.Root}/cgroup.procs'\nexec qemu-system-x86_64 \"$@\"\n");
        File.SetUnixFileMode(_emulator, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Until nothing more was saved for a while.</summary>
    private void AwaitMerging()
    {
        var (most, since, clock) = (0L, TimeSpan.Zero, Stopwatch.StartNew());
        while (clock.Elapsed < s_mergePatience && (most == 0 || clock.Elapsed - since < TimeSpan.FromSeconds(15)))
        {
            Thread.Sleep(500);
            var saved = ksm.SavedPages;
            (most, since) = saved > most + (most / 200) ? (saved, clock.Elapsed) : (most, since);
        }
    }

    private void Rewrite() => Parallel.ForEach(
        _fleet!.Programs, new ParallelOptions { MaxDegreeOfParallelism = guests }, program =>
        {
            try
            {
                program.Rewrite(s_stormPatience, CancellationToken.None);
            }
            catch (ScenarioException)
            {
                // It was killed: that is the finding.
            }
        });
}

/// <summary>What became of the guests; memory in bytes.</summary>
/// <param name="Name">Who paced ksmd.</param>
/// <param name="Guests">How many there were.</param>
/// <param name="UnmergedBytes">What the group took before merging.</param>
/// <param name="MergedBytes">And after.</param>
/// <param name="SavedBytes">What merging saved by ksmd's count.</param>
/// <param name="SwapBytes">Swap that was there when the storm began.</param>
/// <param name="StormSeconds">How long the storm took.</param>
/// <param name="AfterBytes">What the group takes of memory then.</param>
/// <param name="AfterSwapBytes">And what of that swap is used.</param>
/// <param name="Running">Guests that lived through it.</param>
/// <param name="Right">Guests that hold, to the last byte, what they wrote.</param>
/// <param name="Kills">Processes that the kernel killed in the group.</param>
internal sealed record StormOutcome(
    string Name, int Guests, long UnmergedBytes, long MergedBytes, long SavedBytes, long SwapBytes, double StormSeconds, long AfterBytes, long AfterSwapBytes, int Running, int Right, long Kills);
