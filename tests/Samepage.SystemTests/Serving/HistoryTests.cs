using System.Text.Json;

namespace Samepage.SystemTests.Serving;

/// <summary>The history of the executable: on full and read-only disks, over kill -9, and in a record.</summary>
public sealed class HistoryTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-history-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void It_survives_a_kill_is_read_without_a_daemon_and_goes_into_a_record()
    {
        using var lease = KsmdLease.Take();
        var file = Path.Combine(_directory, "state", "history.db");
        using (var killed = new ServeProcess(_directory, "sleep 300 &"))
        {
            killed.Expect("READY=1");
            killed.Until(() => Points(Http(killed, "")) >= 1, "a row of history", seconds: 40);
            Assert.NotEqual(0, killed.End("KILL"));
        }

        using (var next = new ServeProcess(_directory))
        {
            next.Expect("READY=1");
            next.Until(() => Points(Http(next, "")) >= 2, "a further row", seconds: 40);
            Assert.DoesNotContain("begins anew", next.Log, StringComparison.Ordinal);
            Assert.Equal(System.Net.HttpStatusCode.BadRequest, next.Get("/api/v1/history?points=0").Status);
            Assert.Contains("\nsamepage_history_kept 1\n", next.Get("/metrics").Text, StringComparison.Ordinal);
            Assert.Equal(0, next.End("TERM"));
        }

        var read = Json(0, "history", "--file", file, "--since", "1h", "--json");
        Assert.Equal("samepage.history/1", read.GetProperty("schema").GetString());
        Assert.True(Points(read) >= 2);
        Assert.Contains(read.GetProperty("decisions").EnumerateArray(), decision => decision.GetProperty("what").GetString() == "serves");
        var csv = Tool.Run(SamepageCommand.Executable, ["history", "--file", file, "--since", "1h", "--csv"]).Output.Split('\n');
        Assert.StartsWith("time,unix_seconds,saved_bytes,", csv[0], StringComparison.Ordinal);
        Assert.All(csv.Skip(1).Where(line => line.Length > 0), line => Assert.Equal(csv[0].Count(letter => letter == ','), line.Count(letter => letter == ',')));
        Assert.Contains("COVERAGE", Tool.Run(SamepageCommand.Executable, ["history", "--file", file]).Output, StringComparison.Ordinal);

        var record = Path.Combine(_directory, "host.samepage");
        Assert.Equal(0, Tool.Run(SamepageCommand.Executable, ["record", "--file", file, "--for", "2s", record]).Status);
        var replay = Json(0, "replay", record, "--json");
        Assert.True(Points(replay.GetProperty("history")) >= 1);
        Assert.InRange(replay.GetProperty("governor").GetProperty("samples").GetInt32(), 2, 6);
        Assert.Equal([record], Directory.GetFiles(_directory, "host*"));
    }

    [Theory]
    [InlineData("size=1m", "is not kept for now")]
    [InlineData("size=64m,ro", "is not kept for now")]
    public void A_full_or_read_only_disk_is_said_once_and_serving_goes_on(string mount, string said)
    {
        using var lease = KsmdLease.Take();
        File.WriteAllText(Path.Combine(_directory, "samepage.toml"), $"[history]\npath = \"{_directory}/disk/history.db\"\n");

        // The mount is the daemon's own and goes with it. What fills the disk leaves less than a history needs to begin.
        var fill = mount.Contains("ro", StringComparison.Ordinal) ? "" : $" && head -c 1000000 /dev/zero >{_directory}/disk/fill";
        Directory.CreateDirectory(Path.Combine(_directory, "disk"));
        using var daemon = new ServeProcess(_directory, $"mount -t tmpfs -o {mount} none {_directory}/disk{fill};");
        daemon.Expect("READY=1");
        daemon.Until(() => daemon.Log.Contains(said, StringComparison.Ordinal), "the trouble", seconds: 40);
        daemon.Until(() => daemon.Get("/metrics").Text.Contains("\nsamepage_history_kept 0\n", StringComparison.Ordinal), "the metric");
        Assert.Equal(System.Net.HttpStatusCode.OK, daemon.Get("/healthz").Status);
        Assert.Equal(2, daemon.Log.Split(said).Length);
        var disk = $"/proc/{daemon.Pid}/root{_directory}/disk";
        if (fill.Length > 0)
        {
            // Room comes: the history goes on by itself.
            File.Delete($"{disk}/fill");
            daemon.Until(() => daemon.Log.Contains("is kept again", StringComparison.Ordinal), "the history", seconds: 60);
            Assert.True(File.Exists($"{disk}/history.db"));
        }

        Assert.Equal(0, daemon.End("TERM"));
    }

    [Fact]
    public void What_will_not_do_is_said_in_one_line()
    {
        var text = Path.Combine(_directory, "text");
        File.WriteAllText(text, new string('x', 9000));
        AssertRefused(1, "^samepage: there is no history at .*\n$", "history", "--file", text + ".not");
        AssertRefused(1, "^samepage: .*text: file is not a database\n$", "history", "--file", text);
        AssertRefused(1, "^samepage: .*text is no record of samepage: .*\n$", "replay", text);
        AssertRefused(2, "^samepage: --since wants .*\n$", "history", "--file", text, "--since", "yesterday");
        AssertRefused(2, "^samepage: --since must lie before --until\n$", "history", "--file", text, "--since", "1h", "--until", "2h");
        AssertRefused(2, "^samepage: --points wants .*\n$", "history", "--file", text, "--points", "1");
        AssertRefused(2, "^samepage: /dev/null: wants .*\n$", "record", "--state", _directory, "/dev/null");
        AssertRefused(2, "^samepage: .*: its directory does not exist\n$", "record", "--state", _directory, $"{_directory}/none/file");
        Assert.Equal([text], Directory.GetFiles(_directory));
    }

    private static void AssertRefused(int status, string pattern, params IEnumerable<string> arguments)
    {
        var run = Tool.Run(SamepageCommand.Executable, arguments);
        Assert.Matches(pattern, run.Errors);
        Assert.Equal(status, run.Status);
    }

    private static JsonElement Http(ServeProcess daemon, string query)
    {
        var (status, text) = daemon.Get($"/api/v1/history{query}");
        return status == System.Net.HttpStatusCode.OK ? JsonDocument.Parse(text).RootElement : default;
    }

    private static JsonElement Json(int status, params IEnumerable<string> arguments)
    {
        var run = Tool.Run(SamepageCommand.Executable, arguments);
        Assert.True(run.Status == status, run.Errors);
        return JsonDocument.Parse(run.Output).RootElement;
    }

    /// <summary>How many points have something.</summary>
    private static int Points(JsonElement answer) => answer.ValueKind == JsonValueKind.Object
        ? answer.GetProperty("series").GetProperty("available_bytes").EnumerateArray().Count(value => value.ValueKind == JsonValueKind.Number)
        : 0;
}
