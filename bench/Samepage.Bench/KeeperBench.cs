using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Samepage.Merging.User.Keeping;

namespace Samepage.Bench;

/// <summary>What the keeper's index costs: nanoseconds for a posted page, bytes for a content, the longest growth.</summary>
internal static class KeeperBench
{
    private const int BatchPages = 4096;
    private const double NanosecondsMax = 60;

    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--contents N --rounds N --save");
        var contents = options.Number("--contents", 1 << 20) / BatchPages * BatchPages;
        var rows = Enumerable.Range(0, options.Number("--rounds", 5)).Select(_ => Measure(contents)).ToList();
        var best = rows.OrderBy(row => row.KnownNanoseconds).First();
        Console.WriteLine($"{Machine.Cpu}, kernel {Machine.Kernel}, {contents} contents; best of {rows.Count} rounds (median of known: {Statistics.Median(rows.Select(row => row.KnownNanoseconds)):F0} ns)");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"new {best.NewNanoseconds:F0} ns, known {best.KnownNanoseconds:F0} ns, {best.BytesPerContent:F1} bytes a content, slowest batch while growing {best.SlowestBatchMilliseconds:F1} ms"));
        options.Save("keeper", JsonSerializer.Serialize(new { cpu = Machine.Cpu, kernel = Machine.Kernel, contents, rows }, BenchOptions.Json));
        return best.KnownNanoseconds <= NanosecondsMax ? 0 : 1;
    }

    private static KeeperRow Measure(int contents)
    {
        var members = new MemberLedger();
        using var index = new DomainIndex(members, new SegmentNumbers(), new IndexLimits(long.MaxValue, long.MaxValue));
        var member = members.Add();
        var fingerprints = new ulong[contents];
        var random = new Random(1);
        for (var i = 0; i < contents; i++)
        {
            fingerprints[i] = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
        }

        var (fresh, slowest) = Post(index, member, fingerprints);
        random.Shuffle(fingerprints);
        var (known, _) = Post(index, member, fingerprints);
        return new KeeperRow(fresh, known, index.TableBytes / (double)contents, slowest / 1e6);
    }

    /// <summary>
    /// Posts all with the fingerprint's lower half as token. The median over batches of nanoseconds for a page, which what
    /// else runs on the machine disturbs least; and the slowest batch.
    /// </summary>
    private static (double Page, double Slowest) Post(DomainIndex index, int member, ulong[] fingerprints)
    {
        var tokens = new uint[BatchPages];
        var answers = new ulong[BatchPages];
        var batches = new List<double>();
        for (var done = 0; done < fingerprints.Length; done += BatchPages)
        {
            var batch = fingerprints.AsSpan(done, BatchPages);
            for (var i = 0; i < BatchPages; i++)
            {
                tokens[i] = (uint)batch[i];
            }

            var begin = Stopwatch.GetTimestamp();
            index.Post(member, batch, tokens, answers, 0);
            batches.Add(Stopwatch.GetElapsedTime(begin).TotalNanoseconds);
        }

        return (Statistics.Median(batches) / BatchPages, batches.Max());
    }

    private sealed record KeeperRow(double NewNanoseconds, double KnownNanoseconds, double BytesPerContent, double SlowestBatchMilliseconds);
}
