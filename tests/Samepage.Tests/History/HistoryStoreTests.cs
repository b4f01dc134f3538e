using CsCheck;
using Samepage.Server.History;
using Samepage.Server.History.Sqlite;
using Samepage.Server.Loop;

namespace Samepage.Tests.History;

/// <summary>What was written is read, at every fineness, and stays within its bounds.</summary>
public sealed class HistoryStoreTests : IDisposable
{
    private readonly HistoryRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Means_leasts_and_mosts_are_kept_through_the_tiers()
    {
        var begin = _rig.Now;
        for (var i = 0; i < 360; i++)
        {
            _rig.Step(i % 2 == 0 ? 100 : 300, ("coverage", i == 77 ? 0.5 : 3), ("exposure_bytes", i == 78 ? 9e9 : 1), ("governor_mode", i < 200 ? 2 : 1));
        }

        var fine = _rig.Read(begin, begin + 3600, 360);
        Assert.Equal((10, 360), (fine.StepSeconds, fine.Times.Count));
        Assert.Equal([100, 300, 100], HistoryRig.Series(fine, "saved_bytes").Take(3));
        var coarse = _rig.Read(begin, begin + 3600, 4);
        Assert.Equal(900, coarse.StepSeconds);
        Assert.Equal([200, 200, 200, 200], HistoryRig.Series(coarse, "saved_bytes"));
        Assert.Equal([0.5, 3, 3, 3], HistoryRig.Series(coarse, "coverage"));
        Assert.Equal([9e9, 1, 1, 1], HistoryRig.Series(coarse, "exposure_bytes"));
        Assert.Equal([2, 2, 1, 1], HistoryRig.Series(coarse, "governor_mode"));
        Assert.All(HistoryRig.Series(coarse, "swap_used_bytes"), value => Assert.Null(value));
    }

    [Fact]
    public void A_row_that_has_not_ended_is_put_together_from_finer_ones()
    {
        var begin = _rig.Now;
        _rig.Steps(90 + 45, 50);
        _rig.Step(150);
        var answer = _rig.Read(begin, begin + 1800, 2);
        Assert.Equal(900, answer.StepSeconds);
        Assert.Equal(50, HistoryRig.Series(answer, "saved_bytes")[0]);
        Assert.InRange(HistoryRig.Series(answer, "saved_bytes")[1]!.Value, 51, 100);
    }

    [Fact]
    public void Gaps_are_nulls_and_times_have_none()
    {
        var begin = _rig.Now;
        _rig.Steps(6, 1);
        _rig.Clock.Advance(TimeSpan.FromMinutes(10));
        _rig.Steps(6, 2);
        var answer = _rig.Read(begin, _rig.Now, 72);
        var saved = HistoryRig.Series(answer, "saved_bytes");
        Assert.Equal(Enumerable.Range(0, answer.Times.Count).Select(i => begin + (i * answer.StepSeconds)), answer.Times);
        Assert.Equal((6, 60, 6), (saved.Count(value => value == 1), saved.Count(value => value is null), saved.Count(value => value == 2)));
    }

    /// <summary>Against all samples held in memory, at tiers and points as chance has them.</summary>
    [Fact]
    public void What_is_read_is_what_was_written() => Gen.Select(Gen.Int[1, 400], Gen.Int[1, 40], Gen.Int[2, 50], Gen.Int[0, 2000]).Sample(
        (count, seed, points, offset) =>
        {
            using var rig = new HistoryRig();
            rig.Clock.Advance(TimeSpan.FromSeconds(offset));
            var random = new Random(seed);
            var all = new List<(long At, double Saved)>();
            for (var i = 0; i < count; i++)
            {
                var at = rig.Now - (rig.Now % 10);
                var saved = random.Next(1, 1_000_000);
                all.Add((at, saved));
                rig.Step(saved);
                rig.Clock.Advance(TimeSpan.FromSeconds(random.Next(8) == 0 ? random.Next(400) : 0));
            }

            var answer = rig.Read(all[0].At, rig.Now, points);
            var got = HistoryRig.Series(answer, "saved_bytes");
            for (var i = 0; i < answer.Times.Count; i++)
            {
                var within = all.Where(sample => sample.At >= answer.Times[i] && sample.At < answer.Times[i] + answer.StepSeconds).ToList();

                // Means of means weigh by rows, and a row may stand for less time than another.
                Assert.Equal(within.Count == 0, got[i] is null);
                Assert.True(got[i] is null || (got[i] >= within.Min(sample => sample.Saved) && got[i] <= within.Max(sample => sample.Saved)));
            }
        },
        iter: 30);

    [Fact]
    public void Processes_are_found_by_number_by_name_and_by_guest()
    {
        var begin = _rig.Now;
        var (one, two) = (new ProcessIdentity(7, 1, "b", "qemu", "web"), new ProcessIdentity(8, 1, "b", "qemu", "mail"));
        _rig.Processes = [new ProcessSample(one, 100, 50), new ProcessSample(two, 1000, 0)];
        _rig.Steps(180, 1);
        _rig.Processes = [new ProcessSample(two, 3000, 0)];
        _rig.Steps(180, 1);
        Assert.Equal([(100 * 4096) - (50 * 64), null], HistoryRig.Series(_rig.Read(begin, begin + 3600, 2, "7"), "profit_bytes"));
        Assert.Equal([1100 * 4096, 3000 * 4096], HistoryRig.Series(_rig.Read(begin, begin + 3600, 2, "qemu"), "saved_bytes"));
        Assert.Equal([2, 1], HistoryRig.Series(_rig.Read(begin, begin + 3600, 2, "qemu"), "processes"));
        Assert.Equal([1000 * 4096, 3000 * 4096], HistoryRig.Series(_rig.Read(begin, begin + 3600, 2, "mail"), "saved_bytes"));
        Assert.Empty(_rig.Read(begin, begin + 3600, 2, "nobody").Processes);
        Assert.Equal(["mail", "web"], _rig.Read(begin, begin + 3600).Processes.Select(process => process.Identity.Guest));
    }

    [Fact]
    public void A_number_given_to_another_process_is_another_s_history()
    {
        var begin = _rig.Now;
        _rig.Processes = [new ProcessSample(new ProcessIdentity(7, 1, "b", "old", null), 100, 0)];
        _rig.Steps(12, 1);
        _rig.Processes = [new ProcessSample(new ProcessIdentity(7, 99, "b", "new", null), 500, 0)];
        _rig.Steps(12, 1);
        Assert.Equal([100 * 4096, 100 * 4096, null, null], HistoryRig.Series(_rig.Read(begin, begin + 240, 4, "old"), "saved_bytes"));
        Assert.Equal(["new", "old"], _rig.Read(begin, _rig.Now, 4, "7").Processes.Select(process => process.Identity.Name));
    }

    [Fact]
    public void Decisions_about_processes_stay_out_of_the_host_s()
    {
        var begin = _rig.Now;
        _rig.Processes = [new ProcessSample(new ProcessIdentity(7, 1, "b", "qemu", "web"), 100, 0)];
        _rig.Keeper.Tell(new ToldDecision(LogLevel.Info, new Decision(1, _rig.Clock.Day, "guard", "host", null, "holds", "why")));
        _rig.Keeper.Tell(new ToldDecision(LogLevel.Info, new Decision(2, _rig.Clock.Day, "rules", "process", 7, "switched on", "")));
        _rig.Steps(7, 1);
        Assert.Equal(["guard: host: holds: why"], _rig.Read(begin, _rig.Now).Decisions.Select(decision => decision.ToString()));
        Assert.Equal(["rules: process 7: switched on"], _rig.Read(begin, _rig.Now, about: "web").Decisions.Select(decision => decision.ToString()));
    }

    [Fact]
    public void More_decisions_than_an_answer_holds_are_counted()
    {
        using var store = new HistoryStore(_rig.Options with { Path = Path.Combine(_rig.Root, "other.db") }, _rig.Now);
        store.Append(null, null, [.. Enumerable.Range(1, 700).Select(number => new ToldDecision(LogLevel.Info, new Decision(number, _rig.Clock.Day, "guard", "host", null, $"{number}", "")))]);
        using var reader = new HistoryReader(Path.Combine(_rig.Root, "other.db"));
        var answer = reader.Read(new HistoryQuery(_rig.Now - 10, _rig.Now + 10, 10, null), _rig.Now);
        Assert.Equal((500, 200, 700), (answer.Decisions.Count, answer.DecisionsLeftOut, answer.Decisions[^1].Number));
    }

    [Fact]
    public void Fine_rows_go_after_hours_and_coarse_ones_after_the_days_that_were_set()
    {
        using var rig = new HistoryRig(days: 5);
        var begin = rig.Now;
        for (var day = 0; day < 8; day++)
        {
            rig.Steps(200, day + 1);
            rig.Clock.Advance(TimeSpan.FromSeconds(86400 - 2000));
        }

        rig.Step(9);
        using var file = SqliteDatabase.OpenForReading(rig.Options.Path);
        long Oldest(int step) => (rig.Now - file.Number($"SELECT min(at) FROM host WHERE step = {step}")) / 3600;
        Assert.InRange(Oldest(10), 0, 6);
        Assert.InRange(Oldest(60), 24, 72);
        Assert.InRange(Oldest(900), 96, 120);
        Assert.Null(HistoryRig.Series(rig.Read(begin, rig.Now), "saved_bytes")[0]);
    }

    [Fact]
    public void However_much_comes_the_file_stays_below_its_cap()
    {
        using var rig = new HistoryRig(sizeBytesMax: 4 << 20);
        var random = new Random(5);
        for (var i = 0; i < 1500; i++)
        {
            // Each minute 200 processes that were never seen before, and decisions as long as they come.
            rig.Processes = [.. Enumerable.Range(0, 200).Select(_ => new ProcessSample(new ProcessIdentity(random.Next(), random.Next(), "boot", $"p{random.Next()}", null), 5000, 9000))];
            rig.Keeper.Tell(new ToldDecision(LogLevel.Info, new Decision(i, rig.Clock.Day, "guard", "host", null, new string('x', 1000), new string('y', 1000))));
            rig.Clock.Advance(TimeSpan.FromSeconds(50));
            rig.Step(i);
        }

        Assert.InRange(new FileInfo(rig.Options.Path).Length, 1 << 20, 4 << 20);
        Assert.True(rig.Keeper.IsKept, string.Join('\n', rig.Lines));
        Assert.Equal(1499, HistoryRig.Series(rig.Read(rig.Now - 60, rig.Now, 2), "saved_bytes").Max());
        Assert.DoesNotContain(rig.Lines, line => line.Contains("is not kept", StringComparison.Ordinal));
    }
}
