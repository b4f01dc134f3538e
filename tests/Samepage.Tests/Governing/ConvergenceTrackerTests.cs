using CsCheck;
using Samepage.Governing;

namespace Samepage.Tests.Governing;

public class ConvergenceTrackerTests
{
    private static ConvergenceSample At(long pass, long saved, long tracked = 16_000, long skipped = 0, bool scanning = true) =>
        new(DateTimeOffset.UnixEpoch.AddSeconds(pass), scanning, pass, saved, tracked, skipped);

    private static Convergence Feed(ConvergenceTracker tracker, params ConvergenceSample[] samples)
    {
        var state = Convergence.Unknown;
        foreach (var sample in samples)
        {
            state = tracker.Observe(sample).State;
        }

        return state;
    }

    [Fact]
    public void One_look_knows_nothing() =>
        Assert.Equal(Convergence.Unknown, Feed(new(), At(100, 8_006)));

    [Fact]
    public void The_first_pass_merges_nothing_and_is_not_taken_for_convergence()
    {
        // As measured: one pass of checksums, then all merges in the second.
        var tracker = new ConvergenceTracker();
        Assert.Equal(Convergence.Unknown, Feed(tracker, At(0, 0, tracked: 869)));
        Assert.Equal(Convergence.Growing, Feed(tracker, At(1, 0, tracked: 16_054)));
        Assert.Equal(Convergence.Growing, Feed(tracker, At(2, 8_006, 16_054)));
        Assert.Equal(Convergence.Growing, Feed(tracker, At(4, 8_006, 16_054)));
        Assert.Equal(Convergence.Converged, Feed(tracker, At(5, 8_006, 16_054)));
    }

    [Fact]
    public void Under_smart_scan_a_pause_of_thirteen_passes_is_not_convergence()
    {
        var tracker = new ConvergenceTracker();
        for (var pass = 0; pass <= 13; pass++)
        {
            Assert.NotEqual(Convergence.Converged, Feed(tracker, At(pass, 0, 4_000, skipped: pass * 2_000)));
        }

        Assert.Equal(Convergence.Growing, Feed(tracker, At(14, 2_005, 4_000, 28_000)));
    }

    [Fact]
    public void Under_smart_scan_nineteen_quiet_passes_are_convergence()
    {
        var tracker = new ConvergenceTracker();
        var verdicts = Enumerable.Range(0, 20).Select(pass => Feed(tracker, At(pass, 500, 4_000, 100 * pass))).ToArray();
        Assert.Equal(Convergence.Unknown, verdicts[18]);
        Assert.Equal(Convergence.Converged, verdicts[19]);
    }

    [Fact]
    public void Three_passes_are_enough_again_when_smart_scan_was_switched_off()
    {
        var tracker = new ConvergenceTracker();
        Feed(tracker, At(0, 5, skipped: 0), At(1, 5, skipped: 900), At(2, 5, skipped: 900), At(3, 2_005, skipped: 900));
        Assert.Equal(Convergence.Growing, Feed(tracker, At(5, 2_005, skipped: 900)));
        Assert.Equal(Convergence.Converged, Feed(tracker, At(6, 2_005, skipped: 900)));
    }

    [Fact]
    public void A_fall_between_distant_looks_may_hide_growth() =>
        Assert.Equal(Convergence.Growing, Feed(new(), At(0, 5_000), At(30, 4_000)));

    [Fact]
    public void A_fall_between_close_looks_hides_nothing() =>
        Assert.Equal(Convergence.Converged, Feed(new(), At(0, 5_000), At(1, 4_900), At(2, 4_900), At(3, 4_900)));

    [Fact]
    public void Growing_back_after_a_fall_is_growth() =>
        Assert.Equal(Convergence.Growing, Feed(new(), At(0, 5_000), At(1, 4_000), At(2, 4_500), At(3, 4_500)));

    [Fact]
    public void Many_small_steps_add_up_to_growth() =>
        Assert.Equal(Convergence.Growing, Feed(
            new(), [.. Enumerable.Range(0, 40).Select(pass => At(pass, 10_000 + (pass * 6)))]));

    [Fact]
    public void Nothing_is_said_of_a_ksmd_that_stands_still() =>
        Assert.Equal(Convergence.Unknown, Feed(new(), At(0, 5), At(9, 5, scanning: false)));

    [Fact]
    public void A_process_that_was_not_looked_at_holds_the_answer_back()
    {
        var tracker = new ConvergenceTracker();
        Assert.Equal(Convergence.Growing, Feed(tracker, At(0, 5), At(9, 5) with { HasUnscannedProcess = true }));
        Assert.Equal(Convergence.Growing, Feed(tracker, At(11, 5)));
        Assert.Equal(Convergence.Converged, Feed(tracker, At(12, 5)));
    }

    [Fact]
    public void A_reboot_starts_the_watch_anew() =>
        Assert.Equal(Convergence.Unknown, Feed(new(), At(900, 5, skipped: 70), At(903, 5, skipped: 70), At(2, 5)));

    [Fact]
    public void A_tracker_continues_from_what_another_knew()
    {
        var first = new ConvergenceTracker();
        Feed(first, At(0, 5), At(1, 700));
        Assert.Equal(Convergence.Converged, Feed(new ConvergenceTracker(first.Memory), At(4, 700)));
    }

    /// <summary>
    /// Simulated ksmd: growth comes whenever the kernel's two-look rule lets it, within the measured bounds. Whatever
    /// passes the looks fall on, "converged" is never said before the last growth.
    /// </summary>
    [Fact]
    public void Converged_is_never_said_before_the_last_growth() =>
        Gen.Select(Gen.Int[0, 18], Gen.Int[1, 5_000], Gen.Int[1, 3].Array[60, 90], Gen.Bool).Sample((late, size, strides, smart) =>
        {
            var growthPass = smart ? late : Math.Min(late, 2);
            var tracker = new ConvergenceTracker();
            long pass = 0, skipped = 0;
            foreach (var stride in strides)
            {
                var saved = pass > growthPass ? 1_000 + size + (size / 2) : 1_000L;
                var verdict = tracker.Observe(At(pass, saved, 20_000, skipped));
                Assert.False(verdict.State == Convergence.Converged && pass <= growthPass);
                pass += stride;
                skipped += smart ? stride * 50 : 0;
            }

            Assert.Equal(Convergence.Converged, tracker.Observe(At(pass + 20, 1_000 + size + (size / 2), 20_000, skipped)).State);
        });
}
