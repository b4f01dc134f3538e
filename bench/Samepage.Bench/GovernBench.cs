using System.Text.Json;
using Samepage.Bench.Peers;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Bench;

/// <summary>
/// What paces ksmd best: samepage serve, the kernel's own settings, a quick pace, the kernel's advisor, ksmtuned. Each
/// gets the same guests, one after the other, and more that arrive while it works. Needs root, and ksmd to itself.
/// Options: --peers NAME,NAME (samepage,fast,default,advisor,ksmtuned), --minutes N (10), --guests N (8), --guest-mb N
/// (1024), --arrive-seconds N (120; 0: nobody), --churn-mb N (16; 0: nothing changes), --save.
/// </summary>
internal static class GovernBench
{
    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--peers A,B --minutes N --guests N --guest-mb N --arrive-seconds N --churn-mb N --save");
        return PidNamespace.HostProc is null ? PidNamespace.Run(["govern", .. args]) : RunInside(options);
    }

    private static int RunInside(BenchOptions options)
    {
        var plan = new GovernPlan(
            TimeSpan.FromMinutes(options.Number("--minutes", 10)), options.Number("--guests", 8), options.Number("--guest-mb", 1024),
            TimeSpan.FromSeconds(options.Number("--arrive-seconds", 120)), options.Number("--churn-mb", 16));
        Console.WriteLine($"{Machine.Cpu}, {Environment.ProcessorCount} processors, kernel {Machine.Kernel}");
        Console.WriteLine($"{plan.Guests} guests of {plan.Megabytes} MB, {plan.ChurnMegabytes} MB of churn in each, {plan.Arrivals.Count()} more to come; {plan.Length.TotalMinutes} minutes");
        var ksm = new KsmSysfs();
        using var settings = SavedSettings.Take(ksm, StateDirectory.Default, new ProcFs());
        var outcomes = new List<GovernOutcome>();
        Console.WriteLine("peer        GB-seconds   CPU s  late share  own late share  busiest minute  own MiB  saved at the end");
        foreach (var name in options.Text("--peers", "samepage,fast,default,advisor,ksmtuned").Split(','))
        {
            outcomes.Add(RunPeer(plan, name, settings, ksm));
            Tell(outcomes[^1]);

            // It takes an hour: what was measured by now is worth keeping.
            options.Save(plan.ChurnMegabytes == 0 && plan.ArriveEvery == TimeSpan.Zero ? "govern-still" : "govern", Json(plan, outcomes));
        }

        Compare(outcomes);
        return 0;
    }

    private static GovernOutcome RunPeer(GovernPlan plan, string name, SavedSettings settings, KsmSysfs ksm)
    {
        // Also puts all of them on record, before a peer writes them behind our back.
        KsmdRest.Forget(settings, ksm);
        try
        {
            using var trial = new GovernTrial(plan, Peer(name, settings), ksm);
            return trial.Run();
        }
        finally
        {
            KsmdRest.Forget(settings, ksm);
        }
    }

    private static IPeer Peer(string name, SavedSettings settings) => name switch
    {
        "samepage" => new DaemonPeer(settings, BenchOptions.LogPath("govern")),
        "fast" => new SettingsPeer(name, settings, ("pages_to_scan", "50000"), ("sleep_millisecs", "20")),
        "default" => new SettingsPeer(name, settings, ("pages_to_scan", "100"), ("sleep_millisecs", "20")),
        "advisor" => new SettingsPeer(name, settings, ("advisor_mode", "scan-time")),
        "ksmtuned" => new KsmtunedPeer(settings),
        _ => throw new InvalidOperationException($"there is no peer '{name}'"),
    };

    private static void Tell(GovernOutcome outcome)
    {
        Console.WriteLine(FormattableString.Invariant(
            $"{outcome.Name,-10} {outcome.GigabyteSeconds,11:F0} {outcome.CpuSeconds,7:F1} {outcome.LateShare,10:P2} {outcome.PeerLateShare,14:P2} {outcome.BusiestMinuteShare,14:P1} {outcome.PeerResidentBytesMost / 1048576.0,9:F1} {outcome.Samples[^1].SavedPages,12} pages"));
        foreach (var arrival in outcome.Arrivals)
        {
            Console.WriteLine(FormattableString.Invariant(
                $"  a guest up at {arrival.UpAt:F0} s: {arrival.PagesAfter10} pages merged after 10 s, {arrival.PagesAfter20} after 20 s, {arrival.PagesAfter60} after 60 s, {arrival.PagesMost} at most, 90 % of them after {arrival.SecondsTo90Percent:F0} s"));
        }
    }

    private static void Compare(List<GovernOutcome> outcomes)
    {
        if (outcomes.Find(outcome => outcome.Name == "samepage") is not { } own || outcomes.Count == 1)
        {
            return;
        }

        var best = outcomes.Where(outcome => outcome != own).MaxBy(outcome => outcome.GigabyteSeconds)!;
        Console.WriteLine(FormattableString.Invariant(
            $"samepage / {best.Name}: GB-seconds {own.GigabyteSeconds / best.GigabyteSeconds:F3} (goal 0.95), CPU {own.CpuSeconds / best.CpuSeconds:F3} (goal 0.1)"));
    }

    private static string Json(GovernPlan plan, List<GovernOutcome> outcomes) => JsonSerializer.Serialize(
        new
        {
            cpu = Machine.Cpu,
            kernel = Machine.Kernel,
            minutes = plan.Length.TotalMinutes,
            guests = plan.Guests,
            guest_megabytes = plan.Megabytes,
            arrive_seconds = plan.ArriveEvery.TotalSeconds,
            churn_megabytes = plan.ChurnMegabytes,
            peers = outcomes.Select(outcome => new
            {
                outcome.Name,
                outcome.GigabyteSeconds,
                outcome.CpuSeconds,
                outcome.LateShare,
                outcome.PeerLateShare,
                outcome.BusiestMinuteShare,
                outcome.PeerResidentBytesMost,
                outcome.Arrivals,
                every_ten_seconds = outcome.Samples.Where((_, at) => at % 10 == 0).Select(sample => new { sample.At, sample.SavedPages, sample.KsmdCpuSeconds }),
            }),
        },
        BenchOptions.Json);
}
