namespace Samepage.SystemTests.UserEngine;

/// <summary><c>samepage run --engine user</c>: who is started, with what, and who is refused.</summary>
public class NativeRunTests
{
    private static readonly string[] s_run = ["run", "--engine", "user"];

    [Fact]
    public void The_program_is_the_same_process_with_three_more_variables()
    {
        NativeBuild.Require();
        var domain = NativeBuild.Domain("env");
        var (status, output, errors) = SamepageCommand.Run([.. s_run, "--domain", domain, "--", "env"]);
        Assert.Equal((0, ""), (status, errors));
        var lines = output.Split('\n');
        Assert.Contains($"SAMEPAGE_DOMAIN={domain}", lines);
        Assert.Contains($"SAMEPAGE_KEEPER={Path.GetFullPath(SamepageCommand.Executable)}", lines);
        Assert.Contains($"LD_PRELOAD={NativeBuild.Output}/libsamepage-preload.so", lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("SAMEPAGE_ADVISE", StringComparison.Ordinal));
    }

    [Fact]
    public void What_was_preloaded_before_still_is()
    {
        NativeBuild.Require();
        var (_, output, _) = Tool.Run(
            SamepageCommand.Executable, [.. s_run, "--all-memory", "--domain", NativeBuild.Domain("kept"), "--", "env"],
            new Dictionary<string, string> { ["LD_PRELOAD"] = "libm.so.6" });
        Assert.Contains($"LD_PRELOAD={NativeBuild.Output}/libsamepage-preload.so:libm.so.6\n", output, StringComparison.Ordinal);
        Assert.Contains("SAMEPAGE_ADVISE=all\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_keeper_is_no_child_of_the_program()
    {
        NativeBuild.Require();
        var (status, output, _) = SamepageCommand.Run(
            [.. s_run, "--domain", NativeBuild.Domain("child"), "--", "sh", "-c", "sleep 0.5; cat /proc/$$/task/$$/children; exit 7"]);
        Assert.Equal(7, status);

        // The shell's own cat is there for as long as it reads.
        Assert.Single(output.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void A_dry_run_says_what_would_be_done()
    {
        NativeBuild.Require();
        var (status, output, _) = SamepageCommand.Run([.. s_run, "--dry-run", "--domain", "nt-dry", "--", "true"]);
        Assert.Equal(0, status);
        Assert.StartsWith("would start the keeper of domain nt-dry unless one runs\nwould set LD_PRELOAD=", output, StringComparison.Ordinal);
        Assert.Matches("would execute /.*/true\n$", output);
        Assert.False(File.Exists("/run/samepage/domains/nt-dry.sock"));
    }

    [Theory]
    [InlineData("linked statically", "-static", 5)]
    [InlineData("no program for x86-64", "-m32", 5)]
    public void A_program_that_cannot_be_preloaded_is_refused(string reason, string flags, int expected)
    {
        NativeBuild.Require();
        var name = flags == "-m32" ? "tiny32" : "holder";
        var program = TargetProgram.Compile(name, flags == "-m32" ? "-m32 -nostdlib -static -fno-pic -no-pie" : flags);
        var (status, _, errors) = SamepageCommand.Run([.. s_run, "--", program]);
        Assert.Equal(expected, status);
        Assert.Contains(reason, errors, StringComparison.Ordinal);
        Assert.Contains("--engine kernel", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--domain wants up to 47", "--engine", "user", "--domain", "a/b", "--", "true")]
    [InlineData("--allow-user 'nobody-at-all' is not a user", "--engine", "user", "--allow-user", "nobody-at-all", "--", "true")]
    [InlineData("--all-memory goes with --engine user", "--all-memory", "--", "true")]
    [InlineData("no-such-program: no such program", "--engine", "user", "--", "no-such-program")]
    public void Wrong_usage_is_named(string error, params string[] arguments)
    {
        var (status, _, errors) = SamepageCommand.Run(["run", .. arguments]);
        Assert.Equal(2, status);
        Assert.Contains(error, errors, StringComparison.Ordinal);
    }

    /// <summary>As after a build without a native toolchain: the executable alone.</summary>
    [Fact]
    public void Without_the_libraries_it_says_how_to_get_them()
    {
        var (status, _, errors) = Tool.Run(SamepageCommand.ExecutableForAll, [.. s_run, "--", "true"]);
        Assert.Equal(3, status);
        Assert.Contains("the user engine was not built", errors, StringComparison.Ordinal);
    }
}
