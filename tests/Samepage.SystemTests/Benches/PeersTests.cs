using System.Text.Json;

namespace Samepage.SystemTests.Benches;

/// <summary>bench/peers in its short form: everybody has a turn, the figures are sane, and the machine is as it was.</summary>
public sealed class PeersTests : IDisposable
{
    private static readonly string[] s_short =
    [
        "--guests", "2", "--guest-mb", "224", "--repeat", "1", "--minutes", "0.1", "--before-seconds", "1", "--after-seconds", "1",
        "--flat-seconds", "0.5", "--keys", "512",
    ];

    /// <summary>Built with the tests, so that nothing is built a second time.</summary>
    private static readonly Dictionary<string, string> s_environment = new()
    {
        ["SAMEPAGE_BENCH"] = Path.Combine(SamepageCommand.Repository, "artifacts", "bin", "Samepage.Bench", "debug", "Samepage.Bench"),
        ["SAMEPAGE_BIN"] = SamepageCommand.Executable,
    };

    private static readonly string s_daemonLog = Path.Combine(SamepageCommand.Repository, "artifacts", "bench-peers.log");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("samepage-test-peers-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Everybody_has_a_turn_and_what_is_saved_is_real()
    {
        using var lease = KsmdLease.Take();
        var before = lease.Settings();
        var (status, output, errors) = Bench([.. s_short, "--out", _directory.FullName]);
        Assert.SkipWhen(status == 3, errors.Trim());
        Assert.True(status == 0, output + errors);
        Assert.Equal(before, lease.Settings());

        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(_directory.FullName, "peers.json")));
        Assert.Equal("samepage.bench-peers/1", json.RootElement.GetProperty("schema").GetString());
        var trials = json.RootElement.GetProperty("trials").EnumerateArray().ToDictionary(trial => trial.GetProperty("peer").GetString()!);
        Assert.Equal(["advisor", "default", "fast", "kernel", "ksmtuned", "none", "user"], trials.Keys.Order());
        Assert.All(trials.Values, trial => Assert.Equal(2, trial.GetProperty("guests_verified").GetInt32()));
        Assert.All(trials.Values, trial => Assert.True(trial.GetProperty("converging").GetProperty("requests").GetInt64() > 100, trial.ToString()));
        Assert.All(trials.Values, trial => Assert.InRange(Share(trial), -0.001, 1.0));

        // The control, in which nobody merges, and those who certainly do so within a few seconds. The daemon waits where
        // others need the processors, as it should, and says so.
        Assert.InRange(Share(trials["none"]), -0.001, 0.001);
        var hasWaited = File.ReadAllText(s_daemonLog).Contains(" waits", StringComparison.Ordinal);
        Assert.All((string[])["fast", "user", .. hasWaited ? (string[])[] : ["kernel"]], peer => Assert.True(Share(trials[peer]) > 0.05, $"{peer} saved {Share(trials[peer]):P1}"));
        Assert.Equal(8, File.ReadAllLines(Path.Combine(_directory.FullName, "peers.csv")).Length);
        Assert.Equal(5, _directory.GetFiles("*.svg").Length);
    }

    [Fact]
    public void What_cannot_be_is_said_in_one_line_before_anything_starts()
    {
        foreach (var (arguments, complaint) in ((string[], string)[])[(["--peers", "nobody"], "there is no peer 'nobody'"), (["--gusts", "3"], "'--gusts' is no option"), (["--guest-mb", "64"], "224 MB")])
        {
            var (status, output, errors) = Bench(arguments);
            Assert.Equal((2, ""), (status, output));
            Assert.Contains(complaint, Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        }
    }

    private static (int Status, string Output, string Errors) Bench(IEnumerable<string> arguments) =>
        Tool.Run(Path.Combine(SamepageCommand.Repository, "bench", "peers"), arguments, s_environment);

    private static double Share(JsonElement trial) => trial.GetProperty("end").GetProperty("share").GetDouble();
}
