using System.Globalization;

namespace Samepage.SystemTests.UserEngine;

/// <summary>
/// A program that writes or reads memory and checks it (Targets/user_*.c), running. It ends by itself; its last line
/// is a summary of "name=value" words.
/// </summary>
internal sealed class IntegrityProgram : IDisposable
{
    private const string SummaryMark = " engine=";
    private const int Lacking = 3;
    private readonly TargetProgram _program;

    private IntegrityProgram(TargetProgram program) => _program = program;

    /// <summary>Starts one.</summary>
    /// <param name="name">Its source without ".c".</param>
    /// <param name="variables">Arguments of env(1): the way it comes under the engine.</param>
    /// <param name="arguments">Its own arguments.</param>
    public static IntegrityProgram Start(string name, IEnumerable<string> variables, params IEnumerable<string> arguments)
    {
        var include = Path.Combine(SamepageCommand.Repository, "src", "Samepage.Native", "include");
        var executable = TargetProgram.Compile(name, $"-O2 -Wextra -I{include}");
        return new IntegrityProgram(TargetProgram.Launch("env", [.. variables, executable, .. arguments]));
    }

    /// <summary>Runs one to its end, with nothing merged.</summary>
    public static Summary RunUnmerged(string name, params IEnumerable<string> arguments)
    {
        using var domain = new EngineEnvironment();
        using var program = Start(name, domain.Variables(MergingWay.None), arguments);
        return program.Finish();
    }

    /// <summary>Runs one to its end, with its memory merged in a domain of its own.</summary>
    public static Summary RunMerged(string name, MergingWay way, string? breakage, params IEnumerable<string> arguments)
    {
        using var domain = new EngineEnvironment();
        using var program = Start(name, domain.Variables(way, breakage), arguments);
        return program.Finish();
    }

    /// <summary>
    /// Reads on until the summary, and waits for the end. Skips the test where the program says that the machine lacks
    /// what it is about.
    /// </summary>
    public Summary Finish()
    {
        // The program itself gives up in time when it hangs.
        var patience = TimeSpan.FromHours(3);
        var complaints = new List<string>();
        for (var line = _program.ReadLine(patience); ; line = _program.ReadLine(patience))
        {
            TestContext.Current.TestOutputHelper?.WriteLine(line);
            if (line.Contains(SummaryMark, StringComparison.Ordinal))
            {
                return new Summary(line, _program.WaitForExit(TimeSpan.FromSeconds(30)), complaints);
            }

            if (line.StartsWith("lacking ", StringComparison.Ordinal) && _program.WaitForExit() == Lacking)
            {
                // What the kernel lacks is a reason to skip; that the engine cannot be joined is not.
                Assert.False(line.StartsWith("lacking join", StringComparison.Ordinal), line);
                Assert.Skip(line);
            }

            Assert.False(line.StartsWith("hung", StringComparison.Ordinal) || line.StartsWith("failed", StringComparison.Ordinal), line);
            complaints.Add(line);
        }
    }

    /// <summary>Ends it.</summary>
    public void Dispose() => _program.Dispose();
}

/// <summary>How a program ended.</summary>
/// <param name="Line">Its last line.</param>
/// <param name="Status">Its exit status: 0 where nothing was wrong, 1 where a check failed.</param>
/// <param name="Lines">What it said before.</param>
internal sealed record Summary(string Line, int Status, IReadOnlyList<string> Lines)
{
    /// <summary>A number of the summary.</summary>
    public long this[string name] => Line.Split(' ')
        .Where(word => word.StartsWith(name + "=", StringComparison.Ordinal))
        .Select(word => long.Parse(word.AsSpan(name.Length + 1), CultureInfo.InvariantCulture))
        .First();

    /// <summary>Whether a word stands in the summary.</summary>
    public bool Says(string word) => Line.Split(' ').Contains(word);

    /// <summary>Nothing was wrong.</summary>
    public void AssertClean()
    {
        Assert.True(Status == 0 && this["mismatches"] == 0, $"exit status {Status}: {string.Join('\n', Lines.Append(Line))}");
    }

    /// <summary>Something was found to be wrong, by the program's own checks.</summary>
    public void AssertCaught()
    {
        Assert.True(Status == 1 && this["mismatches"] > 0, $"nothing was noticed, exit status {Status}: {Line}");
        Assert.Contains(Lines, line => line.StartsWith("wrong ", StringComparison.Ordinal));
    }

    /// <summary>The engine was at work: without that a clean run proves nothing.</summary>
    public void AssertMerged(long pages)
    {
        Assert.True(this["merged_total"] >= pages, $"only {this["merged_total"]} pages were merged: {Line}");
        Assert.True(this["windows"] > 0, Line);
    }
}
