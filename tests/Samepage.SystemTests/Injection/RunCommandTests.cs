namespace Samepage.SystemTests.Injection;

/// <summary><c>samepage run</c>: the program in its place, opted in, and otherwise as if started by hand.</summary>
public class RunCommandTests
{
    [Fact]
    public void The_program_and_its_children_are_opted_in()
    {
        var (status, output, _) = SamepageCommand.Run("run", "--no-start", "--", "sh", "-c", "grep merge_any /proc/self/ksm_stat; sh -c 'sh -c \"grep merge_any /proc/self/ksm_stat\"'; exit 7");
        Assert.Equal((7, "ksm_merge_any: yes\nksm_merge_any: yes\n"), (status, output));
    }

    /// <summary>All but SIGPIPE: the runtime forgets what that was before it began, so the program always finds it unignored.</summary>
    [Fact]
    public void It_is_the_same_process_with_the_same_signals_and_limits()
    {
        const string Look = "grep -E 'SigBlk|SigIgn|SigCgt' /proc/self/status; ulimit -a; echo \"$PPID\" | wc -w; env | grep -c SAMEPAGE";
        var expected = Tool.Run("env", "--default-signal=PIPE", "sh", "-c", Look);
        Assert.Equal(expected, SamepageCommand.Run("run", "--no-start", "--", "sh", "-c", Look));
    }

    [Fact]
    public void Options_behind_the_dashes_belong_to_the_program()
    {
        Assert.Equal((0, "--json --help\n"), Short(SamepageCommand.Run("run", "--no-start", "--", "echo", "--json", "--help")));
    }

    [Fact]
    public void Ksmd_is_started_and_that_is_said()
    {
        using var lease = KsmdLease.Take();
        var (status, _, errors) = SamepageCommand.Run("run", "--", "true");
        Assert.Equal((0, "samepage: started ksmd (wrote 1 to /sys/kernel/mm/ksm/run)\n"), (status, errors));
        Assert.Equal(1, lease.Ksm.Number("run"));
    }

    [Theory]
    [InlineData("no-such-program", 2, "samepage: no-such-program: no such program\n")]
    [InlineData("/etc/passwd", 4, "samepage: /etc/passwd: may not be executed (is it executable, and its file system not mounted noexec?)\n")]
    public void A_program_that_cannot_be_executed_is_named(string program, int status, string error)
    {
        var run = SamepageCommand.Run("run", "--no-start", "--", program);
        Assert.Equal((status, "", error), run);
    }

    private static (int, string) Short((int Status, string Output, string Errors) run) => (run.Status, run.Output);
}
