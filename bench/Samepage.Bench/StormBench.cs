using System.Text.Json;
using Samepage.Bench.Peers;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Scenarios.Trials;

namespace Samepage.Bench;

/// <summary>
/// Guests whose merged pages are all rewritten at once, in a control group that has not the memory for that: under
/// samepage serve, whose policy allows a swap file, and under ksmd alone, where the kernel must kill. Needs root, and
/// ksmd to itself. Options: --guests N (6), --guest-mb N (512), --save.
/// </summary>
internal static class StormBench
{
    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--guests N --guest-mb N --save");
        return PidNamespace.HostProc is null ? PidNamespace.Run(["storm", .. args]) : RunInside(options);
    }

    private static int RunInside(BenchOptions options)
    {
        var (guests, megabytes) = (options.Number("--guests", 6), options.Number("--guest-mb", 512));
        Console.WriteLine($"{Machine.Cpu}, {Environment.ProcessorCount} processors, kernel {Machine.Kernel}");
        Console.WriteLine($"{guests} guests of {megabytes} MB");
        var ksm = new KsmSysfs();
        using var settings = SavedSettings.Take(ksm, StateDirectory.Default, new ProcFs());
        var swap = $"/var/tmp/samepage-storm-{Environment.ProcessId}";
        Directory.CreateDirectory(swap, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var policy = $"[guard.swap]\nprovision = \"file\"\ndirectory = \"{swap}\"\nsize_max = \"8G\"\n";
        var guarded = RunPeer(guests, megabytes, new DaemonPeer(settings, BenchOptions.LogPath("storm"), policy), settings, ksm, swap);
        var control = RunPeer(guests, megabytes, new SettingsPeer("ksmd alone", settings, ("pages_to_scan", "5000")), settings, ksm, swap);
        options.Save("storm", JsonSerializer.Serialize(new { cpu = Machine.Cpu, kernel = Machine.Kernel, guests, megabytes, guarded, control }, BenchOptions.Json));
        return guarded.Right == guests && guarded.Kills == 0 && control.Kills > 0 ? 0 : 1;
    }

    private static StormOutcome RunPeer(int guests, int megabytes, IPeer peer, SavedSettings settings, KsmSysfs ksm, string swap)
    {
        KsmdRest.Forget(settings, ksm);
        try
        {
            using var trial = new StormTrial(guests, megabytes, peer, ksm, swap);
            var outcome = trial.Run();
            Console.WriteLine(FormattableString.Invariant(
                $"{outcome.Name,-10} {outcome.UnmergedBytes >> 20} MiB unmerged, {outcome.MergedBytes >> 20} MiB merged ({outcome.SavedBytes >> 20} MiB saved), swap {outcome.SwapBytes >> 20} MiB; storm of {outcome.StormSeconds:F0} s, {outcome.AfterBytes >> 20} MiB and {outcome.AfterSwapBytes >> 20} MiB of swap after: {outcome.Running} of {guests} guests running, {outcome.Right} right, {outcome.Kills} killed by the kernel"));
            return outcome;
        }
        finally
        {
            KsmdRest.Forget(settings, ksm);
        }
    }
}
