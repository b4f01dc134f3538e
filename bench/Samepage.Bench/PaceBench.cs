using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Samepage.Bench.Contest;
using Samepage.Bench.Peers;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Bench;

/// <summary>
/// What guests feel of ksmd at one pace or another: a Redis in each answers requests while ksmd merges for a second and
/// stands still for a second, by turns, so that the machine's own moods fall on both alike. Needs root, and ksmd to itself.
/// Options: --paces PAGES/MILLISECONDS,… (what ksmd is set to), --rounds N (3), --guests N (4), --guest-mb N (512),
/// --seconds N (40 at most for each pace and round), --rate N (100), --save.
/// </summary>
internal static class PaceBench
{
    private const int SettleMilliseconds = 100, PagesToCount = 200;

    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--paces P/MS,P/MS --rounds N --guests N --guest-mb N --seconds N --rate N --save");
        var work = new ServedWork(options.Number("--guests", 4), options.Number("--guest-mb", 512), options.Number("--rate", 100));
        var (rounds, seconds) = (options.Number("--rounds", 3), options.Number("--seconds", 40));
        var paces = options.Text("--paces", "2500/20,500/4,200/4").Split(',');
        var ksm = new KsmSysfs();
        Console.WriteLine($"{Machine.Cpu}, {Environment.ProcessorCount} processors, kernel {Machine.Kernel}");
        using var settings = SavedSettings.Take(ksm, StateDirectory.Default, new ProcFs());
        settings.Set("use_zero_pages", "1");
        settings.Set("smart_scan", "0");
        var turns = new List<PaceTurn>();
        Console.WriteLine("pages/ms    ksmd's share  merged a second   p50 on / off    p95 on / off    p99 on / off   (merging)  p95 (only looking)");
        for (var round = 0; round < rounds; round++)
        {
            using var guests = new ServedGuests(work, NativeProgram.NoEnvironment);
            using var load = new LoadGenerator(work, guests.Ports);
            load.Fill();
            load.Pace();
            foreach (var pace in ContestPlan.Order(paces, round))
            {
                turns.AddRange(Turns(pace, seconds, load, settings, ksm));
            }
        }

        KsmdRest.Forget(settings, ksm);
        foreach (var pace in paces)
        {
            Tell(pace, [.. turns.Where(turn => turn.Pace == pace)]);
        }

        options.Save("pace", JsonSerializer.Serialize(new { cpu = Machine.Cpu, kernel = Machine.Kernel, work.Guests, work.Megabytes, work.RequestsASecond, turns }, BenchOptions.Json));
        return 0;
    }

    /// <summary>One pace on memory of which nothing is merged: seconds with ksmd and without, until nothing more merges.</summary>
    private static List<PaceTurn> Turns(string pace, int secondsMax, LoadGenerator load, SavedSettings settings, KsmSysfs ksm)
    {
        var (pages, milliseconds) = pace.Split('/') is [var many, var pause] ? (many, pause) : throw new ArgumentException($"'{pace}' is not PAGES/MILLISECONDS");
        settings.Set("run", "2");
        settings.Set("run", "0");
        Note(settings, ksm);
        settings.Set("pages_to_scan", pages);
        settings.Set("sleep_millisecs", milliseconds);
        var (ksmd, turns, quiet) = (new KsmdThread(new ProcFs()), new List<PaceTurn>(), 0);
        for (var at = 0; at < secondsMax && quiet < 3; at += 2)
        {
            var (saved, cpu) = (ksm.SavedPages, ksmd.CpuSeconds ?? 0);
            settings.Set("run", "1");
            Thread.Sleep(SettleMilliseconds);
            var on = load.Over(1);
            settings.Set("run", "0");
            var merged = ksm.SavedPages - saved;
            var share = ((ksmd.CpuSeconds ?? 0) - cpu) / (on.Seconds + (SettleMilliseconds / 1000.0));
            Thread.Sleep(SettleMilliseconds);
            turns.Add(new PaceTurn(pace, share, merged, on, load.Over(1)));
            quiet = merged < PagesToCount ? quiet + 1 : 0;
        }

        return turns;
    }

    /// <summary>The first pass, which only notes checksums, as fast as can be: it is merging that is to be felt.</summary>
    private static void Note(SavedSettings settings, KsmSysfs ksm)
    {
        var (scans, watch) = (ksm.FullScans, Stopwatch.StartNew());
        settings.Set("pages_to_scan", "5000");
        settings.Set("sleep_millisecs", "0");
        settings.Set("run", "1");
        while (ksm.FullScans == scans && watch.Elapsed.TotalSeconds < 30)
        {
            Thread.Sleep(2);
        }

        settings.Set("run", "0");
    }

    private static void Tell(string pace, List<PaceTurn> turns)
    {
        var merging = turns.Where(turn => turn.Merged >= PagesToCount).ToList();
        var (on, off) = (LoadLap.Sum(merging.Select(turn => turn.On)), LoadLap.Sum(turns.Select(turn => turn.Off)));
        var looking = LoadLap.Sum(turns.Where(turn => turn.Merged < PagesToCount).Select(turn => turn.On));
        string Ratio(double percent) => string.Create(CultureInfo.InvariantCulture, $"{on.Percentile(percent),5:F2} / {off.Percentile(percent),5:F2} {on.Percentile(percent) / off.Percentile(percent),4:F2}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{pace,-11} {turns.Average(turn => turn.Share),11:P1} {(merging.Count == 0 ? 0 : merging.Average(turn => turn.Merged)),15:F0}   {Ratio(50)} {Ratio(95)} {Ratio(99)}   n={on.Done}  {looking.Percentile(95) / off.Percentile(95),5:F2} n={looking.Done}"));
    }
}

/// <summary>A second with ksmd and one without.</summary>
/// <param name="Pace">Pages and milliseconds.</param>
/// <param name="Share">Of a core, that ksmd took.</param>
/// <param name="Merged">Pages that it merged.</param>
/// <param name="On">What guests answered meanwhile.</param>
/// <param name="Off">And in the second after that.</param>
internal sealed record PaceTurn(string Pace, double Share, long Merged, LoadLap On, LoadLap Off);
