using Samepage.Linux.Proc;

namespace Samepage.Tests.Kernel;

public class ProcessStatusTests
{
    /// <summary>Recorded on 6.18 inside two pid namespaces, shortened to the lines that differ between kernels.</summary>
    private const string Recorded = """
        Name:	sh ell
        Umask:	0022
        State:	S (sleeping)
        Tgid:	4711
        Pid:	4711
        PPid:	4700
        TracerPid:	99
        Uid:	1000	1001	1002	1003
        Gid:	0	0	0	0
        NSpid:	4711	12	1
        VmRSS:	    1984 kB
        VmSwap:	      16 kB
        Threads:	3
        CapEff:	000001ffffffffff
        Seccomp:	2
        """;

    [Fact]
    public void The_lines_that_matter_are_read()
    {
        var status = ProcessStatus.Parse(Recorded);
        Assert.Equal(("sh ell", 1001u, 99, 3, 2), (status.Name, status.UserId, status.TracerPid, status.Threads, status.Seccomp));
        Assert.Equal(0x1ff_ffff_ffffUL, status.EffectiveCapabilities);
        Assert.Equal([4711, 12, 1], status.NamespacePids);
        Assert.Equal((1984L * 1024, 16L * 1024), (status.ResidentBytes, status.SwappedBytes));
    }

    [Fact]
    public void A_text_without_a_user_is_not_taken_for_root() =>
        Assert.Equal(uint.MaxValue, ProcessStatus.Parse("Name:\tx\nUid:\t0\n").UserId);

    [Fact]
    public void This_very_process_is_read() =>
        Assert.Equal(Environment.ProcessId, ProcessStatus.TryRead(new ProcFs(), Environment.ProcessId)?.NamespacePids[^1]);
}
