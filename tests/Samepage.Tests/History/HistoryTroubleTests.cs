using Samepage.Server.History;
using Samepage.Server.History.Sqlite;
using Samepage.Server.Loop;

namespace Samepage.Tests.History;

/// <summary>Broken and foreign files, disks that refuse, clocks that jump, and a death in the middle.</summary>
public sealed class HistoryTroubleTests : IDisposable
{
    private readonly HistoryRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(5000)]
    public void A_broken_file_is_moved_aside_once_and_the_history_begins_anew(int from)
    {
        var begin = _rig.Now;
        _rig.Steps(200, 1);
        _rig.Keeper.Follow(null);
        _rig.Keeper.Work();
        using (var file = File.OpenWrite(_rig.Options.Path))
        {
            file.Position = from;
            file.Write(new byte[Math.Min(30_000, file.Length - from)]);
        }

        _rig.Keeper.Follow(_rig.Options);
        _rig.Keeper.Suspect();
        _rig.Steps(30, 2);
        Assert.True(_rig.Keeper.IsKept);
        Assert.True(File.Exists(_rig.Options.Path + ".corrupt"));
        Assert.Single(_rig.Lines, line => line.StartsWith("<4>history: host: begins anew: ", StringComparison.Ordinal));
        Assert.Equal([null, 2], HistoryRig.Series(_rig.Read(begin, _rig.Now, 2000), "saved_bytes").Distinct());
    }

    [Fact]
    public void What_cannot_be_had_is_said_once_and_tried_again_until_it_can()
    {
        var state = Path.GetDirectoryName(_rig.Options.Path)!;
        File.WriteAllText(state, "in the way");
        var begin = _rig.Now;
        _rig.Steps(100, 7);
        Assert.False(_rig.Keeper.IsKept);
        Assert.Single(_rig.Lines, line => line.StartsWith("<3>history: host: is not kept for now; all else goes on: ", StringComparison.Ordinal));
        File.Delete(state);
        _rig.Steps(4, 7);
        Assert.True(_rig.Keeper.IsKept);
        Assert.Single(_rig.Lines, line => line.StartsWith("<5>history: host: is kept again", StringComparison.Ordinal));
        Assert.All(HistoryRig.Series(_rig.Read(begin, _rig.Now - 10, 2000), "saved_bytes"), value => Assert.Equal(7, value));
    }

    [Fact]
    public void What_waits_for_a_disk_is_bounded()
    {
        File.WriteAllText(Path.GetDirectoryName(_rig.Options.Path)!, "in the way");
        var begin = _rig.Now;
        _rig.Steps(HistoryKeeper.SamplesWaitingMax + 100, 7);
        File.Delete(Path.GetDirectoryName(_rig.Options.Path)!);
        _rig.Steps(5, 7);
        var kept = HistoryRig.Series(_rig.Read(begin, _rig.Now, 2000), "saved_bytes").Count(value => value is not null);
        Assert.InRange(kept, HistoryKeeper.SamplesWaitingMax, HistoryKeeper.SamplesWaitingMax + 5);
    }

    [Fact]
    public void What_waits_for_a_disk_has_the_processes_of_its_time()
    {
        var state = Path.GetDirectoryName(_rig.Options.Path)!;
        File.WriteAllText(state, "in the way");
        var begin = _rig.Now;
        for (var minute = 1; minute <= 5; minute++)
        {
            _rig.Processes = [Guest(minute * 100)];
            _rig.Steps(6, 1);
        }

        File.Delete(state);
        _rig.Processes = [Guest(9000)];
        _rig.Steps(6, 1);
        Assert.Equal([100 * 4096, 200 * 4096, 300 * 4096, 400 * 4096, 500 * 4096, 9000 * 4096], Saved(begin, 6));
    }

    [Fact]
    public void A_minute_whose_writing_failed_keeps_its_processes()
    {
        var begin = _rig.Now;
        _rig.Processes = [Guest(100)];
        _rig.Steps(6, 1);
        using (var other = SqliteDatabase.OpenForWriting(_rig.Options.Path))
        {
            other.Execute("BEGIN IMMEDIATE");
            _rig.Processes = [Guest(200)];
            _rig.Step(1);
            Assert.False(_rig.Keeper.IsKept);
        }

        _rig.Processes = [Guest(300)];
        _rig.Steps(11, 1);
        Assert.Equal([100 * 4096, 200 * 4096, 300 * 4096], Saved(begin, 3));
    }

    /// <summary>A disk that hangs holds up whoever would look: by then processes hold something else.</summary>
    [Fact]
    public void A_minute_that_nobody_looked_at_in_time_has_no_processes()
    {
        var begin = _rig.Now;
        _rig.Processes = [Guest(100)];
        _rig.Steps(6, 1);
        _rig.Keeper.Post(HistoryRig.Sample(_rig.Now, 2));
        _rig.Clock.Advance(TimeSpan.FromMinutes(1));
        _rig.Processes = [Guest(200)];
        _rig.Steps(6, 3);
        Assert.Equal([100 * 4096, null, 200 * 4096], Saved(begin, 3));
        Assert.Equal([1, 2, 3], HistoryRig.Series(_rig.Read(begin, begin + 180, 3), "saved_bytes"));
    }

    [Fact]
    public void Another_program_s_database_is_left_alone()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_rig.Options.Path)!);
        using (var foreign = SqliteDatabase.OpenForWriting(_rig.Options.Path))
        {
            foreign.Execute("CREATE TABLE mine(x); INSERT INTO mine VALUES(1)");
        }

        _rig.Steps(10, 1);
        Assert.False(_rig.Keeper.IsKept);
        Assert.Single(_rig.Lines, line => line.Contains("is a database of another program, and is left alone", StringComparison.Ordinal));
        using var again = SqliteDatabase.OpenForReading(_rig.Options.Path);
        Assert.Equal(1, again.Number("SELECT count(*) FROM sqlite_schema"));
    }

    [Fact]
    public void A_newer_program_s_history_is_left_alone_and_an_older_one_gets_what_it_lacks()
    {
        _rig.Steps(3, 1);
        _rig.Keeper.Follow(null);
        _rig.Keeper.Work();
        using (var file = SqliteDatabase.OpenForWriting(_rig.Options.Path))
        {
            file.Execute("ALTER TABLE host DROP COLUMN memory_pressure");
            Assert.DoesNotContain("memory_pressure", HistorySchema.Columns(file));
        }

        Assert.Equal(1, HistoryRig.Series(_rig.Read(_rig.Now - 60, _rig.Now), "saved_bytes").Max());
        _rig.Keeper.Follow(_rig.Options);
        _rig.Step(2, ("memory_pressure", 0.25));
        Assert.Equal(0.25, HistoryRig.Series(_rig.Read(_rig.Now - 60, _rig.Now), "memory_pressure").Max());
        using (var file = SqliteDatabase.OpenForWriting(_rig.Options.Path))
        {
            file.Execute("PRAGMA user_version = 99");
        }

        Assert.Contains("newer samepage", Assert.Throws<HistoryException>(() => _rig.Read(0, _rig.Now)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_full_makes_room_for_what_comes()
    {
        using var store = new HistoryStore(_rig.Options with { Path = Path.Combine(_rig.Root, "small.db"), SizeBytesMax = 4 << 20 }, _rig.Now);
        var full = Assert.Throws<HistoryException>(() =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                store.Append(null, null, [new ToldDecision(LogLevel.Info, new Decision(i, _rig.Clock.Day.AddMinutes(i - 20_000), "guard", "host", null, new string('x', 1000), ""))]);
            }
        });
        Assert.True(full.IsFull);
        store.Trim(_rig.Now, isClockSteady: true);
        Assert.True(store.UsedBytes < 4 << 20);
        store.Append(HistoryRig.Sample(_rig.Now, 5), null, []);
    }

    [Fact]
    public void A_clock_that_jumps_ahead_and_back_is_told_and_leaves_the_rest_in_place()
    {
        var begin = _rig.Now;
        _rig.Steps(12, 1);
        _rig.Clock.Day += TimeSpan.FromDays(3650);
        _rig.Steps(12, 2);
        _rig.Clock.Day -= TimeSpan.FromDays(3650);
        _rig.Steps(12, 3);
        Assert.Equal(2, _rig.Lines.Count(line => line.Contains("the time of day has jumped", StringComparison.Ordinal)));
        Assert.Equal([1, 3], HistoryRig.Series(_rig.Read(begin, _rig.Now, 2000), "saved_bytes").OfType<double>().Distinct());

        // What lies ten years ahead goes once the clock has been steady for an hour.
        _rig.Steps(480, 3);
        using var file = SqliteDatabase.OpenForReading(_rig.Options.Path);
        Assert.Equal(0, file.Number($"SELECT count(*) FROM host WHERE at > {_rig.Now + 86400}"));
        Assert.NotEqual(0, file.Number($"SELECT count(*) FROM host WHERE at <= {begin + 120}"));
    }

    [Fact]
    public void A_clock_that_is_ahead_when_the_daemon_starts_removes_nothing()
    {
        var begin = _rig.Now;
        _rig.Steps(12, 1);
        _rig.Keeper.Follow(null);
        _rig.Keeper.Work();
        _rig.Clock.Day += TimeSpan.FromDays(3650);
        using (var next = new HistoryKeeper(_rig.Log, _rig.Clock, () => []))
        {
            next.Follow(_rig.Options);
            for (var i = 0; i < 180; i++)
            {
                _rig.Clock.Advance(TimeSpan.FromSeconds(10));
                next.Post(HistoryRig.Sample(_rig.Now - (_rig.Now % 10), 2));
                next.Work();
            }
        }

        _rig.Clock.Day -= TimeSpan.FromDays(3650);
        Assert.Equal([1], HistoryRig.Series(_rig.Read(begin, begin + 120, 12), "saved_bytes").OfType<double>().Distinct());
    }

    [Fact]
    public void A_clock_that_was_never_set_removes_nothing()
    {
        var begin = _rig.Now;
        _rig.Steps(12, 1);
        _rig.Clock.Day = DateTimeOffset.UnixEpoch.AddMinutes(5);
        _rig.Steps(480, 2);
        _rig.Clock.Day = DateTimeOffset.FromUnixTimeSeconds(begin + 10_000);
        _rig.Steps(100, 3);
        Assert.Equal([1, 3], HistoryRig.Series(_rig.Read(begin, _rig.Now, 2000), "saved_bytes").OfType<double>().Distinct());
    }

    [Fact]
    public void A_start_folds_what_the_one_before_left()
    {
        var begin = _rig.Now;
        _rig.Steps(95, 4);
        using (var file = SqliteDatabase.OpenForWriting(_rig.Options.Path))
        {
            file.Execute("DELETE FROM host WHERE step > 10");
        }

        _rig.Keeper.Follow(null);
        _rig.Keeper.Work();
        _rig.Clock.Advance(TimeSpan.FromHours(1));
        _rig.Keeper.Follow(_rig.Options);
        _rig.Keeper.Work();
        using var reader = SqliteDatabase.OpenForReading(_rig.Options.Path);
        Assert.Equal((16, 2), (reader.Number("SELECT count(*) FROM host WHERE step = 60"), reader.Number("SELECT count(*) FROM host WHERE step = 900")));
        Assert.Equal(4, HistoryRig.Series(_rig.Read(begin, begin + 900, 2), "saved_bytes")[0]);
    }

    private static ProcessSample Guest(long savedPages) => new(new ProcessIdentity(7, 1, "b", "qemu", "web"), savedPages, 0);

    private double?[] Saved(long begin, int minutes) => HistoryRig.Series(_rig.Read(begin, begin + (60 * minutes), minutes, "7"), "saved_bytes");

    [Fact]
    public void Only_its_owner_may_read_it()
    {
        _rig.Step(1);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_rig.Options.Path));
    }
}
