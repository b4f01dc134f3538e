using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Samepage.Bench.Measuring;
using Samepage.Scenarios;

namespace Samepage.Bench;

/// <summary>
/// Merged memory that is rewritten without end, with contents that become duplicates again: half of the fleet under
/// ksmd, the other half under the user engine, in the same run; once a minute the saving of each half, the CPU time of
/// each engine, segments and mappings. Needs root, and ksmd to itself. Options: --with guests|programs (guests),
/// --members N of each half (4), --minutes N (30), --every-seconds N (60), for guests --guest-mb N (512) and --churn-mb
/// N (64), for programs --pages N (50000) and --rate N pages a second (500), --save.
/// </summary>
internal static class ChurnBench
{
    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--with X --minutes N --every-seconds N --members N --guest-mb N --churn-mb N --pages N --rate N --eager --save");
        var minutes = options.Number("--minutes", 30);
        var every = TimeSpan.FromSeconds(options.Number("--every-seconds", 60));
        Console.WriteLine($"{Machine.Cpu}, {Environment.ProcessorCount} processors, kernel {Machine.Kernel}");
        using var kernel = new KernelMerging();
        using var user = new UserMerging("churn", options.Has("--eager"));
        using IChurned kernelHalf = Start(options, kernel.Environment, 1);
        using IChurned userHalf = Start(options, user.Environment, 1 + options.Number("--members", 4));
        kernelHalf.Offer();
        userHalf.Offer();
        kernel.Begin(kernelHalf.Pids);
        user.Begin(userHalf.Pids);
        var (watch, rows) = (Stopwatch.StartNew(), new List<ChurnRow>());
        Console.WriteLine(ChurnRow.Header);
        for (var at = every; at <= TimeSpan.FromMinutes(minutes); at += every)
        {
            Thread.Sleep(Max(TimeSpan.Zero, at - watch.Elapsed));
            rows.Add(ChurnRow.Take(watch.Elapsed, kernel, user, userHalf.Pids));
            Console.WriteLine(rows[^1].ToCsv());
        }

        var (kernelWrong, userWrong) = (kernelHalf.Wrong(), userHalf.Wrong());
        var account = user.Account;
        Console.WriteLine($"wrong: {kernelWrong} under ksmd, {userWrong} under the user engine");
        Console.WriteLine(FormattableString.Invariant($"user engine / ksmd after {minutes} minutes: saved {(double)rows[^1].UserSavedPages / rows[^1].KernelSavedPages:F3}, CPU {rows[^1].UserCpuSeconds / rows[^1].KernelCpuSeconds:F3}"));
        if (options.Has("--save"))
        {
            File.WriteAllLines(BenchOptions.ResultPath("churn", "csv"), rows.Select(row => row.ToCsv()).Prepend(ChurnRow.Header));
        }

        options.Save("churn", JsonSerializer.Serialize(
            new { cpu = Machine.Cpu, kernel = Machine.Kernel, with = options.Text("--with", "guests"), minutes, kernel_wrong = kernelWrong, user_wrong = userWrong, last = rows[^1], account },
            BenchOptions.Json));
        return kernelWrong + userWrong == 0 ? 0 : 1;
    }

    private static IChurned Start(BenchOptions options, IReadOnlyDictionary<string, string> environment, int firstNumber) =>
        options.Text("--with", "guests") == "guests"
            ? new ChurnedGuests(options, environment, firstNumber)
            : new ChurnedPrograms(options, environment);

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}

/// <summary>One half of a fleet whose memory is rewritten.</summary>
internal interface IChurned : IDisposable
{
    IReadOnlyList<int> Pids { get; }

    void Offer();

    /// <summary>Members or pages whose content is not what it should be.</summary>
    long Wrong();
}

/// <summary>C programs that all write the same at the same time.</summary>
internal sealed class ChurnedPrograms(BenchOptions options, IReadOnlyDictionary<string, string> environment) : IChurned
{
    private readonly NativeFleet _fleet = new(environment, "churn", options.Number("--members", 4), _ =>
    [
        options.Number("--pages", 50_000).ToString(CultureInfo.InvariantCulture),
        options.Number("--rate", 500).ToString(CultureInfo.InvariantCulture),
        // What the clock of the C program says, which all of them share.
        (Stopwatch.GetTimestamp() / Stopwatch.Frequency / 60 * 60).ToString(CultureInfo.InvariantCulture),
    ]);

    public IReadOnlyList<int> Pids => _fleet.Pids;

    public void Offer() => _fleet.AskAll("offer");

    public long Wrong() => _fleet.AskAll("verify").Sum(answer => long.Parse(answer.Split(' ')[1], CultureInfo.InvariantCulture));

    public void Dispose() => _fleet.Dispose();
}

/// <summary>Guests that copy pieces of their common files over and over; they offer their memory themselves.</summary>
internal sealed class ChurnedGuests : IChurned
{
    private readonly ProgramFleet _fleet;

    public ChurnedGuests(BenchOptions options, IReadOnlyDictionary<string, string> environment, int firstNumber)
    {
        _fleet = GuestRecipe.Fleet(
            GuestRecipe.Alike(options.Number("--members", 4), options.Number("--guest-mb", 512)), environment,
            options.Number("--churn-mb", 64), firstNumber);
        _fleet.Start(null, CancellationToken.None);
    }

    public IReadOnlyList<int> Pids => [.. _fleet.Programs.Select(program => program.Pid)];

    public void Offer()
    {
    }

    public long Wrong() => _fleet.Verify(CancellationToken.None).Count(check => check is not { IsUnchanged: true });

    public void Dispose() => _fleet.Dispose();
}

/// <summary>One line of the series; pages of 4096 bytes, CPU time since the beginning.</summary>
internal sealed record ChurnRow(
    double Minutes, long KernelSavedPages, double KernelCpuSeconds, double KernelScans, long UserSavedPages, double UserCpuSeconds,
    double UserKeeperCpuSeconds, double UserPasses, long Segments, long SegmentPages, long Mappings, long MergedPages, long BrokenPages,
    long CowBreaks, long ReturnedPages, long MetadataBytes, double StallMaxMicroseconds)
{
    public const string Header =
        "minutes,kernel_saved_pages,kernel_cpu_seconds,kernel_scans,user_saved_pages,user_cpu_seconds,user_keeper_cpu_seconds,user_passes,"
        + "segments,segment_pages,mappings,merged_pages,broken_pages,cow_breaks,returned_pages,metadata_bytes,stall_max_us";

    public static ChurnRow Take(
        TimeSpan at, KernelMerging kernel, UserMerging user, IReadOnlyList<int> userPids)
    {
        var account = user.Account;
        return new ChurnRow(
            at.TotalMinutes, kernel.SavedPages, kernel.CpuSeconds, kernel.Passes, user.SavedPages, user.CpuSeconds,
            account.KeeperCpuSeconds, user.Passes, account.Segments, account.SegmentBytes / 4096, FleetMemory.Mappings(userPids),
            account.MergedPages, account.BrokenPages, account.CowBreaks, account.ReturnedPages, account.MetadataBytes,
            account.StallMaxMicroseconds);
    }

    public string ToCsv() => FormattableString.Invariant(
        $"{Minutes:F2},{KernelSavedPages},{KernelCpuSeconds:F2},{KernelScans:F0},{UserSavedPages},{UserCpuSeconds:F2},{UserKeeperCpuSeconds:F2},{UserPasses:F0},{Segments},{SegmentPages},{Mappings},{MergedPages},{BrokenPages},{CowBreaks},{ReturnedPages},{MetadataBytes},{StallMaxMicroseconds:F0}");
}
