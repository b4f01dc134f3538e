using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Samepage.SystemTests.Reporting;

/// <summary><c>samepage estimate</c> as its user meets it: the published executable, on a program that stands still.</summary>
public sealed class EstimateCommandTests : IDisposable
{
    private readonly TargetProgram _target;
    private readonly string _directory;

    public EstimateCommandTests()
    {
        _directory = Directory.CreateTempSubdirectory("samepage-").FullName;
        _target = TargetProgram.Start("layouts", "unique", "duplicates", "zeros");
        _target.Expect("ready");
    }

    private string Pid => _target.Pid.ToString(CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _target.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void Text_json_and_report_tell_the_same()
    {
        var report = Path.Combine(_directory, "r.html");
        var (status, text, errors) = SamepageCommand.Run("estimate", "--pid", Pid, "--html", report);
        Assert.Equal(0, status);
        Assert.Contains(report, errors);
        Assert.DoesNotContain('\u001b', text + errors);

        var totals = Json("--pid", Pid).GetProperty("totals");
        var savable = totals.GetProperty("savable_pages").GetInt64();
        Assert.True(savable > 0, "the target holds duplicates");
        var row = text.Split('\n').Single(line => line.StartsWith("savable ", StringComparison.Ordinal));
        Assert.Equal(savable, long.Parse(row.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], NumberStyles.AllowThousands, CultureInfo.InvariantCulture));

        var (document, console) = Chromium.Load(File.ReadAllText(report));
        Assert.Empty(console);
        Assert.Contains($"data-value=\"{savable * 4096}\"", document);
    }

    [Fact]
    public void Json_is_one_object_and_nothing_else_on_standard_output()
    {
        var root = Json("--pid", Pid, "--interval", "100ms", "--verify", "--workers", "2", "--address-map");
        Assert.Equal("samepage.estimate/1", root.GetProperty("schema").GetString());
        Assert.False(root.GetProperty("partial").GetBoolean());
        Assert.Equal(0.1, root.GetProperty("interval_seconds").GetDouble());
        Assert.Equal(0, root.GetProperty("totals").GetProperty("volatile_pages").GetInt64());
        Assert.True(root.GetProperty("verification").GetProperty("compared_pages").GetInt64() > 0);
        Assert.Equal(0, root.GetProperty("verification").GetProperty("different_pages").GetInt64());
        var target = root.GetProperty("targets")[0];
        Assert.Equal(_target.Pid, target.GetProperty("pid").GetInt32());
        Assert.Equal(
            target.GetProperty("present_pages").GetInt64(),
            target.GetProperty("address_map").EnumerateArray().Sum(chunk => chunk.GetProperty("present_pages").GetInt64()));
    }

    [Theory]
    [InlineData("INT"), InlineData("TERM")]
    public void A_signal_ends_the_look_with_what_there_is_marked_as_partial(string signal)
    {
        using var process = SamepageCommand.Start("estimate", "--pid", Pid, "--interval", "60s", "--json");
        Thread.Sleep(1000);
        var watch = Stopwatch.StartNew();
        Tool.Signal(process.Id, signal);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"it took {watch.Elapsed}");
        Assert.True(JsonDocument.Parse(output).RootElement.GetProperty("partial").GetBoolean());
    }

    [Theory]
    [InlineData("--interval", "5")]
    [InlineData("--interval", "0s")]
    [InlineData("--sample", "4")]
    [InlineData("--sample", "1/0")]
    [InlineData("--workers", "none")]
    [InlineData("--html", "/nowhere/at/all.html")]
    [InlineData("--html", "/dev/null")]
    public void A_bad_value_is_one_line_and_exit_code_2(string option, string value)
    {
        var (status, output, errors) = SamepageCommand.Run("estimate", "--pid", Pid, option, value);
        Assert.Equal((2, ""), (status, output));
        Assert.Single(errors.TrimEnd('\n').Split('\n'));
        Assert.StartsWith($"samepage: {option}", errors);
    }

    [Fact]
    public void A_report_that_cannot_be_written_is_refused_before_the_look()
    {
        // Were the minute of waiting ever begun, this would not come back in time.
        var watch = Stopwatch.StartNew();
        var (status, _, _) = SamepageCommand.Run("estimate", "--pid", Pid, "--interval", "1m", "--html", _directory);
        Assert.Equal(2, status);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10));
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    }

    [Fact]
    public void Targets_that_are_not_there_or_never_targets_are_refused()
    {
        Assert.Equal(2, SamepageCommand.Run("estimate").Status);
        Assert.Equal(5, SamepageCommand.Run("estimate", "--pid", "1").Status);
        Assert.Equal(5, SamepageCommand.Run("estimate", "--pid", "4194303").Status);
    }

    private static JsonElement Json(params string[] arguments)
    {
        var (status, output, errors) = SamepageCommand.Run(["estimate", "--json", .. arguments]);
        Assert.Equal((0, ""), (status, errors));
        return JsonDocument.Parse(output).RootElement;
    }
}
