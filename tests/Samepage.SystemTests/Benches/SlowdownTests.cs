namespace Samepage.SystemTests.Benches;

/// <summary>
/// The bench slowdown in a short form: merging stands still and goes on by turns, be it ksmd's or the user engine's, and
/// harms nobody. How slow anything was is not judged here.
/// </summary>
public sealed class SlowdownTests
{
    private static readonly string s_bench = Path.Combine(SamepageCommand.Repository, "artifacts", "bin", "Samepage.Bench", "debug", "Samepage.Bench");

    private static readonly Dictionary<string, string> s_environment = new() { ["SAMEPAGE_BIN"] = SamepageCommand.Executable };

    [Theory]
    [InlineData("user")]
    [InlineData("fast")]
    public void Merging_stops_and_goes_on_and_every_guest_holds_what_it_should(string peer)
    {
        Assert.SkipWhen(ServedGuestsMissing(), "no QEMU, kernel or Redis for guests here");
        using var lease = KsmdLease.Take();
        var before = lease.Settings();
        var (status, output, errors) = Tool.Run(
            s_bench, ["slowdown", "--peers", peer, "--repeat", "1", "--guests", "1", "--guest-mb", "224", "--warm-up", "0", "--before", "2", "--converging", "4", "--after", "2"], s_environment);

        // 0 only where all guests verified their memory and every answer was right.
        Assert.True(status == 0, output + errors);
        Assert.Equal(before, lease.Settings());
        var saved = long.Parse(output.Split("saved ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(saved > 500, output);
    }

    private static bool ServedGuestsMissing() =>
        Samepage.Scenarios.Guests.GuestTools.Find(out _) is not { } tools || Samepage.Scenarios.Guests.GuestService.Redis(tools.Kernels[0], out _) is null;
}
