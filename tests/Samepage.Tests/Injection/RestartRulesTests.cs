using Samepage.Linux.Interop;
using Samepage.Linux.Tracing;

namespace Samepage.Tests.Injection;

public class RestartRulesTests
{
    [Theory]
    [InlineData(Libc.SYS_epoll_wait, -4, -514)]
    [InlineData(Libc.SYS_recvfrom, -4, -514)]
    [InlineData(Libc.SYS_rt_sigtimedwait, -4, -514)]
    [InlineData(Libc.SYS_epoll_wait, 1, 1)]
    [InlineData(Libc.SYS_poll, -516, -516)]
    [InlineData(Libc.SYS_read, -512, -512)]
    [InlineData(Libc.SYS_madvise, -4, -4)]
    [InlineData(-1, -4, -4)]
    public void Only_an_interrupted_call_that_may_be_repeated_is_repaired(long call, long result, long repaired) =>
        Assert.Equal(repaired, RestartRules.Repair(Stopped(call, result)).Result);

    [Fact]
    public void Repairing_changes_nothing_but_the_result()
    {
        var stopped = Stopped(Libc.SYS_epoll_wait, -4);
        Assert.Equal(stopped, RestartRules.Repair(stopped).WithResult(-4));
    }

    [Theory]
    [InlineData(0x7f | (5 << 8) | (128 << 16), StopKind.Interrupted, 0)]
    [InlineData(0x7f | (19 << 8) | (128 << 16), StopKind.Interrupted, 0)]
    [InlineData(0x7f | (0x85 << 8), StopKind.SystemCall, 0)]
    [InlineData(0x7f | (5 << 8), StopKind.Signal, 5)]
    [InlineData(0x7f | (10 << 8), StopKind.Signal, 10)]
    [InlineData(9, StopKind.Ended, 9)]
    [InlineData(3 << 8, StopKind.Ended, 0)]
    public void A_wait_status_is_read(int status, StopKind kind, int signal) =>
        Assert.Equal(new StopReport(kind, signal), StopReport.Parse(status));

    [Fact]
    public void A_call_is_prepared_outside_of_any_call()
    {
        var home = Stopped(Libc.SYS_read, -512);
        var call = SystemCall.Unmergeable(0x7000, 4096);
        var raw = home.ForCall(0x1234, call.Number, call.Arguments).Raw;
        Assert.Equal((0x1234UL, 28UL, ulong.MaxValue), (raw.rip, raw.rax, raw.orig_rax));
        Assert.Equal((0x7000UL, 4096UL, 13UL, 0UL, 0UL), (raw.rdi, raw.rsi, raw.rdx, raw.r10, raw.r8));
        Assert.Equal((home.Raw.rsp, home.Raw.rbx), (raw.rsp, raw.rbx));
    }

    private static Registers Stopped(long call, long result) => new(new Libc.user_regs_struct
    {
        orig_rax = (ulong)call,
        rax = (ulong)result,
        rip = 0x401002,
        rsp = 0x7ffe0000,
        rbx = 42,
        cs = 0x33,
    });
}
