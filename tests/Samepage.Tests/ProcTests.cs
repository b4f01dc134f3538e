using Samepage.Linux.Proc;

namespace Samepage.Tests;

public class ProcTests
{
    [Fact]
    public void A_name_with_brackets_and_blanks_is_read_whole()
    {
        var stat = ProcessStat.Parse("42 (a) (b c) S 1 42 42 0 -1 4194560 1 0 0 0 7 9 0 0 20 0 1 0 12345 0 0");
        Assert.Equal(("a) (b c", 'S', 1, 12345L), (stat.Name, stat.State, stat.ParentPid, stat.StartTicks));
    }
}
