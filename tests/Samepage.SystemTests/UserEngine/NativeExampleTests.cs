using System.Globalization;
using System.Text.RegularExpressions;

namespace Samepage.SystemTests.UserEngine;

/// <summary>The examples that users copy from: they do what they say, on the libraries as built.</summary>
public partial class NativeExampleTests
{
    [Fact]
    public void The_C_example_holds_its_table_once()
    {
        NativeBuild.Require();
        var source = Path.Combine(SamepageCommand.Repository, "examples", "c", "shared_table.c");
        var program = Path.Combine(TargetProgram.OutputDirectory, "shared_table");
        var compiled = Tool.Run(
            "gcc", ["-O2", "-Wall", "-Wextra", "-Werror", $"-I{NativeBuild.Sources}/include", source, $"-L{NativeBuild.Output}", "-lsamepage", $"-Wl,-rpath,{NativeBuild.Output}", "-o", program]);
        Assert.True(compiled.Status == 0, compiled.Errors);
        var (status, output, errors) = Tool.Run(program, [NativeBuild.Domain("example-c")]);
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.True(status == 0, output + errors);
        Assert.EndsWith("all tables are intact\n", output, StringComparison.Ordinal);
        var workers = WorkerLine().Matches(output);
        Assert.Equal(2, workers.Count);
        Assert.All(workers, worker => Assert.True(Number(worker, 2) < Number(worker, 1) / 3, worker.Value));
    }

    [Theory]
    [InlineData("artifacts/bin/workers-dotnet/debug/workers")]
    [InlineData("artifacts/samepage/testing/workers/workers")]
    public void Workers_in_NET_hold_their_data_once(string program)
    {
        NativeBuild.Require();
        var path = Path.Combine(SamepageCommand.Repository, program);
        Assert.SkipUnless(File.Exists(path), $"{program} is missing; ./test builds it");
        var (status, output, errors) = Tool.Run(
            path, ["--workers", "3", "--domain", NativeBuild.Domain("workers"), "--keeper", Path.GetFullPath(SamepageCommand.Executable)],
            new Dictionary<string, string> { ["SAMEPAGE_LIBRARY"] = NativeBuild.Output });
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.True(status == 0, output + errors);
        Assert.Contains("data intact in 3 of 3", output, StringComparison.Ordinal);
        var memory = MemoryLine().Match(output);
        var loaded = Number(LoadedLine().Match(output), 1);

        // Three copies became one; what each runtime needs is in both figures.
        Assert.True(Number(memory, 1) - Number(memory, 2) > loaded * 3 / 2, output);
    }

    private static long Number(Match match, int group) => long.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"worker \d: (\d+) KiB of its own before, (\d+) after")]
    private static partial Regex WorkerLine();

    [GeneratedRegex(@"memory of all workers: (\d+) MiB without, (\d+) MiB with merging")]
    private static partial Regex MemoryLine();

    [GeneratedRegex(@"3 workers loaded (\d+) MiB each")]
    private static partial Regex LoadedLine();
}
