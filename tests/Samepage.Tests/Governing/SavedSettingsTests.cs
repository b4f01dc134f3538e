using Samepage.Governing;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Tests.Governing;

public sealed class SavedSettingsTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("samepage-settings-");
    private readonly ProcFs _proc = new();
    private readonly KsmSysfs _ksm;

    public SavedSettingsTests()
    {
        _ksm = new KsmSysfs(_root.CreateSubdirectory("ksm").FullName);
        Write("run", "0\n");
        Write("pages_to_scan", "100\n");
        Write("sleep_millisecs", "20\n");
        Write("advisor_mode", "none [scan-time]\n");
        Write("pages_sharing", "0\n");
        Write("ksm_zero_pages", "0\n");
    }

    private string State => Path.Combine(_root.FullName, "state");

    private string Record => Path.Combine(State, "ksm-settings");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void What_was_found_is_put_back_and_no_file_is_left()
    {
        using (var settings = SavedSettings.Take(_ksm, State, _proc))
        {
            settings.Set("pages_to_scan", "50000");
            settings.Set("pages_to_scan", "60000");
            settings.Set("run", "1");
            settings.Set("sleep_millisecs", "20");
            Assert.Equal(("60000", "1"), (Read("pages_to_scan"), Read("run")));
        }

        Assert.Equal(("100", "0", "20"), (Read("pages_to_scan"), Read("run"), Read("sleep_millisecs")));
        Assert.False(Directory.Exists(State));
    }

    /// <summary>The values that a second one would find, and put back later, are not the operator's: also where its own records lie elsewhere.</summary>
    [Fact]
    public void One_process_holds_the_settings_whatever_its_state_directory()
    {
        var elsewhere = Path.Combine(_root.FullName, "elsewhere");
        using (var settings = SavedSettings.Take(_ksm, State, _proc))
        {
            settings.Set("pages_to_scan", "50000");
            Assert.Equal(0, Assert.Throws<SettingsHeldException>(() => SavedSettings.Take(_ksm, elsewhere, _proc)).Pid);
            Assert.Equal(0, SavedSettings.FindHolder(_ksm, elsewhere, _proc));
            Assert.False(Directory.Exists(elsewhere));

            // A record of a process that cannot be seen from here, as from another pid namespace: it is not taken for dead.
            File.WriteAllText(Record, File.ReadAllText(Record).Replace($"writer {Environment.ProcessId} ", "writer 999999999 ", StringComparison.Ordinal));
            Assert.Empty(SavedSettings.RestoreLeftBehind(_ksm, State, _proc));
            Assert.Equal(999999999, Assert.Throws<SettingsHeldException>(() => SavedSettings.Take(_ksm, State, _proc)).Pid);
            Assert.Equal("50000", Read("pages_to_scan"));
        }

        Assert.Equal("100", Read("pages_to_scan"));
        SavedSettings.Take(_ksm, elsewhere, _proc).Dispose();
    }

    [Fact]
    public void Lent_settings_are_anothers_for_a_while_and_come_back_as_they_were()
    {
        using (var settings = SavedSettings.Take(_ksm, State, _proc))
        {
            settings.Set("pages_to_scan", "50000");
            using (settings.Lend())
            {
                using var borrower = SavedSettings.Take(_ksm, Path.Combine(_root.FullName, "borrower"), _proc);
                borrower.Set("pages_to_scan", "77");
            }

            Assert.Equal("50000", Read("pages_to_scan"));
            Assert.Throws<SettingsHeldException>(() => SavedSettings.Take(_ksm, Path.Combine(_root.FullName, "another"), _proc));
        }

        Assert.Equal("100", Read("pages_to_scan"));
    }

    [Fact]
    public void What_a_killed_process_was_writing_is_gone_with_the_next_one()
    {
        Directory.CreateDirectory(State);
        File.WriteAllText(Record + ".4321.tmp", "sett");
        using (var settings = SavedSettings.Take(_ksm, State, _proc))
        {
            Assert.Equal([Record], Directory.EnumerateFiles(State));
        }

        Assert.False(Directory.Exists(State));
    }

    [Fact]
    public void The_value_found_is_on_disk_before_the_setting_changes()
    {
        using var settings = SavedSettings.Take(_ksm, State, _proc);
        File.Delete(Path.Combine(_ksm.Root, "run"));
        Directory.CreateDirectory(Path.Combine(_ksm.Root, "run"));
        Assert.Throws<LinuxException>(() => settings.Set("run", "1"));
        Directory.Delete(Path.Combine(_ksm.Root, "run"));
        Write("run", "0\n");
        settings.Set("pages_to_scan", "50000");
        Assert.Contains("setting pages_to_scan 100 50000", File.ReadAllText(Record), StringComparison.Ordinal);
    }

    [Fact]
    public void A_choice_in_brackets_is_put_back_as_its_word()
    {
        using (var settings = SavedSettings.Take(_ksm, State, _proc))
        {
            settings.Set("advisor_mode", "none");
        }

        Assert.Equal("scan-time", Read("advisor_mode"));
    }

    [Fact]
    public void A_setting_that_somebody_else_changed_stays_theirs()
    {
        using (var settings = SavedSettings.Take(_ksm, State, _proc))
        {
            settings.Set("pages_to_scan", "50000");
            settings.Set("run", "1");
            Write("pages_to_scan", "777\n");
        }

        Assert.Equal(("777", "0"), (Read("pages_to_scan"), Read("run")));
    }

    /// <summary>A setting with two values has always had the other one too; that does not make it ours when somebody else writes it.</summary>
    [Fact]
    public void A_value_that_was_ours_before_and_is_anothers_now_stays_theirs()
    {
        using (var settings = SavedSettings.Take(_ksm, State, _proc))
        {
            settings.Set("run", "1");
            settings.Set("run", "0");
            Write("run", "1\n");
        }

        Assert.Equal("1", Read("run"));
    }

    /// <summary>Killed between the note and the setting: what holds is the value before, which was written here too.</summary>
    [Fact]
    public void A_value_that_was_noted_and_never_written_leaves_the_one_before_ours()
    {
        LeaveBehind(4_194_305, startTicks: 1, BootId());
        File.WriteAllText(Record, File.ReadAllText(Record).Replace("setting pages_to_scan 100 50000", "setting pages_to_scan 100 60000 50000", StringComparison.Ordinal));
        Assert.Equal("50000", Read("pages_to_scan"));
        Assert.Contains("pages_to_scan 100", SavedSettings.RestoreLeftBehind(_ksm, State, _proc));
        Assert.Equal("100", Read("pages_to_scan"));
    }

    [Fact]
    public void Where_nothing_can_be_noted_only_the_brake_works_and_all_is_put_back()
    {
        using (var settings = SavedSettings.Take(_ksm, State, _proc))
        {
            settings.Set("pages_to_scan", "50000");
            settings.Set("run", "1");
            Directory.Delete(State, recursive: true);
            Assert.ThrowsAny<IOException>(() => settings.Set("pages_to_scan", "60000"));
            Assert.ThrowsAny<IOException>(() => settings.Set("sleep_millisecs", "5"));
            settings.Set("run", "0");
            Assert.Equal(("50000", "20", "0"), (Read("pages_to_scan"), Read("sleep_millisecs"), Read("run")));
            Assert.ThrowsAny<IOException>(() => settings.Set("run", "1"));
            Assert.Equal("0", Read("run"));
        }

        Assert.Equal(("100", "0"), (Read("pages_to_scan"), Read("run")));
    }

    [Fact]
    public void Run_2_is_not_written_over_shared_pages()
    {
        Write("run", "2\n");
        using (var settings = SavedSettings.Take(_ksm, State, _proc))
        {
            settings.Set("run", "1");
            Write("pages_sharing", "5\n");
        }

        Assert.Equal("0", Read("run"));
    }

    [Fact]
    public void Only_one_process_holds_the_settings()
    {
        using (SavedSettings.Take(_ksm, State, _proc))
        {
            var held = Assert.Throws<SettingsHeldException>(() => SavedSettings.Take(_ksm, State, _proc));
            Assert.Equal(Environment.ProcessId, held.Pid);
        }

        SavedSettings.Take(_ksm, State, _proc).Dispose();
    }

    [Fact]
    public void A_holder_is_found_while_it_lives_and_nothing_is_changed()
    {
        Assert.Null(SavedSettings.FindHolder(_ksm, State, _proc));
        Assert.False(Directory.Exists(State));
        using (SavedSettings.Take(_ksm, State, _proc))
        {
            Assert.Equal(Environment.ProcessId, SavedSettings.FindHolder(_ksm, State, _proc));
        }

        LeaveBehind(4_194_305, startTicks: 1, BootId());
        Assert.Null(SavedSettings.FindHolder(_ksm, State, _proc));
        Assert.Equal(("50000", true), (Read("pages_to_scan"), File.Exists(Record)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_killed_process_left_is_put_back_at_the_next_start(bool pidIsReused)
    {
        LeaveBehind(pidIsReused ? Environment.ProcessId : 4_194_305, startTicks: 1, BootId());
        Assert.Equal(["run 0", "pages_to_scan 100"], SavedSettings.RestoreLeftBehind(_ksm, State, _proc));
        Assert.Equal(("100", "0"), (Read("pages_to_scan"), Read("run")));
        Assert.False(File.Exists(Record));
    }

    [Fact]
    public void A_living_writer_keeps_its_settings()
    {
        LeaveBehind(Environment.ProcessId, ProcessStat.TryRead(_proc, Environment.ProcessId)!.StartTicks, BootId());
        Assert.Empty(SavedSettings.RestoreLeftBehind(_ksm, State, _proc));
        Assert.Equal("1", Read("run"));
    }

    [Fact]
    public void A_restart_of_the_machine_has_undone_everything_already()
    {
        LeaveBehind(4_194_305, 1, "another-boot");
        Assert.Empty(SavedSettings.RestoreLeftBehind(_ksm, State, _proc));
        Assert.Equal("1", Read("run"));
        Assert.False(File.Exists(Record));
    }

    [Theory]
    [InlineData("")]
    [InlineData("something else\n")]
    [InlineData("samepage saved settings 1\nwriter x 1 b\n")]
    [InlineData("samepage saved settings 1\nwriter 4194305 1 b\nsetting ../../etc/passwd 1 2\n")]
    public void What_is_no_record_is_moved_aside(string text)
    {
        Directory.CreateDirectory(State);
        File.WriteAllText(Record, text);
        Assert.Empty(SavedSettings.RestoreLeftBehind(_ksm, State, _proc));
        Assert.True(File.Exists(Record + ".unreadable"));
        Assert.False(File.Exists(Record));
    }

    private void LeaveBehind(int pid, long startTicks, string boot)
    {
        Directory.CreateDirectory(State);
        File.WriteAllText(
            Record,
            $"samepage saved settings 1\nwriter {pid} {startTicks} {boot}\nsetting pages_to_scan 100 50000\nsetting run 0 1\n");
        Write("pages_to_scan", "50000\n");
        Write("run", "1\n");
    }

    private static string BootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(_ksm.Root, file), text);

    /// <summary>A plain file keeps the tail of a longer text that was there before; the kernel's files do not.</summary>
    private string Read(string file) => File.ReadAllText(Path.Combine(_ksm.Root, file)).Split('\n')[0].Trim();
}
