using Samepage.Linux.Proc;

namespace Samepage.Tests.Kernel;

public class ProcessStatTests
{
    /// <summary>Recorded on 6.18.</summary>
    private const string Kthreadd =
        "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 15 0 0 20 0 1 0 7 0 0 18446744073709551615 0 0 0 0 0 0 0 2147483647 0 0 0 0 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

    [Fact]
    public void A_name_with_brackets_and_blanks_is_read_whole()
    {
        var stat = ProcessStat.Parse("42 (a) (b c) S 1 42 42 0 -1 4194560 1 0 0 0 7 9 0 0 20 0 1 0 12345 0 0");
        Assert.Equal(("a) (b c", 'S', 1, 12345L), (stat.Name, stat.State, stat.ParentPid, stat.StartTicks));
        Assert.Equal(0.16, stat.CpuSeconds, 6);
        Assert.False(stat.IsKernelThread);
    }

    [Fact]
    public void A_kernel_thread_is_known_by_its_flag()
    {
        var stat = ProcessStat.Parse(Kthreadd);
        Assert.True(stat.IsKernelThread);
        Assert.Equal((2, "kthreadd", 7L, 0.15), (stat.Pid, stat.Name, stat.StartTicks, stat.CpuSeconds));
    }

    [Theory]
    [InlineData("")]
    [InlineData("()")]
    [InlineData("1 (x) S")]
    [InlineData("99999999999 (x) S 1 2 3 0 -1 4 5 0 0 0 7 9 0 0 20 0 1 0 12345 0 0")]
    [InlineData("42 (x) S 99999999999 2 3 0 -1 4 5 0 0 0 7 9 0 0 20 0 1 0 12345 0 0")]
    [InlineData("42 (x) S 1 2 3 0 -1 99999999999999999999999 5 0 0 0 7 9 0 0 20 0 1 0 12345 0 0")]
    [InlineData("42 (x) S 1 2 3 0 -1 4 5 0 0 0 7 -9 0 0 20 0 1 0 12345 0 0")]
    public void What_is_no_stat_line_is_a_format_error(string text) =>
        Assert.Throws<FormatException>(() => ProcessStat.Parse(text));

    [Fact]
    public void A_process_that_is_gone_is_null()
    {
        using var tree = new TemporaryTree();
        tree["7/stat"] = Kthreadd;
        var proc = new ProcFs(tree.Root);
        Assert.Equal("kthreadd", ProcessStat.TryRead(proc, 7)?.Name);
        Assert.Null(ProcessStat.TryRead(proc, 8));
    }
}
