using Samepage.Linux.Proc;
using Samepage.Scenarios;

namespace Samepage.SystemTests.Scenarios;

public sealed class ProgramTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Two_guests_boot_hold_the_same_data_and_data_of_their_own() =>
        CheckPair(Machine.NewGuest(1), Machine.NewGuest(2));

    [Theory]
    [InlineData("perl")]
    [InlineData("python3")]
    public void Two_workers_hold_the_same_data_and_data_of_their_own(string interpreter) =>
        CheckPair(Machine.NewWorker(interpreter, 1), Machine.NewWorker(interpreter, 2));

    [Fact]
    public void A_guest_that_cannot_boot_says_so_at_once()
    {
        // One megabyte is not enough for any kernel: QEMU or the firmware gives up.
        using var guest = Machine.NewGuest(1, options => options with { MemoryMegabytes = 1 });
        Assert.Throws<ScenarioException>(() => guest.Start(Cancel));
        Assert.False(guest.IsRunning);
    }

    [Fact]
    public void Guest_memory_is_anonymous_unless_shared_memory_is_asked_for()
    {
        using var fleet = new ProgramFleet(
            [Machine.NewGuest(1), Machine.NewGuest(2, options => options with { HasSharedMemory = true })]);
        fleet.Start(null, Cancel);
        var (ordinary, shared) = (fleet.Programs[0].Pid, fleet.Programs[1].Pid);
        Assert.True(Kilobytes(ordinary, "RssAnon") > 40_000, "an ordinary guest's memory is anonymous");
        Assert.True(Kilobytes(shared, "RssShmem") > 40_000, "this guest's memory is shared");
        Assert.True(Kilobytes(ordinary, "RssShmem") < 4_000);
    }

    /// <summary>Brings two up, checks that a changed byte in either part is noticed, and that nothing is left.</summary>
    private static void CheckPair(ScenarioProgram first, ScenarioProgram second)
    {
        var proc = new ProcFs();
        using var fleet = new ProgramFleet([first, second]);
        fleet.Start(null, Cancel);
        Assert.NotEqual(first.UniqueDigest, second.UniqueDigest);
        Assert.All(fleet.Verify(Cancel), answer => Assert.True(answer is { IsUnchanged: true }));
        Assert.True(first.CpuSeconds > 0);

        first.Corrupt(ContentPart.Shared, 123_457, Cancel);
        Assert.Equal(new ContentCheck(false, true), first.Verify(Cancel));
        first.Corrupt(ContentPart.Shared, 123_457, Cancel);
        Assert.True(first.Verify(Cancel).IsUnchanged);
        second.Corrupt(ContentPart.Unique, 0, Cancel);
        Assert.Equal(new ContentCheck(true, false), second.Verify(Cancel));

        var (pid, ticks) = (first.Pid, ProcessStat.TryRead(proc, first.Pid)!.StartTicks);
        fleet.Dispose();
        Assert.True(Machine.IsGoneWithin(pid, ticks, TimeSpan.Zero + TimeSpan.FromMilliseconds(50)));
        Assert.False(first.IsRunning);
    }

    private static long Kilobytes(int pid, string key) =>
        KeyedText.Parse(new ProcFs().Read(pid, "status")).Number(key) ?? 0;
}
