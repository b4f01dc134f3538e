namespace Samepage.SystemTests.UserEngine;

/// <summary>Members who are nobody, and may do nothing but what the keeper of root lets them.</summary>
public sealed class UnprivilegedTests : IDisposable
{
    private const int Pages = 1500;
    private readonly TestDomain _domain = new("nobody");
    private readonly DirectoryInfo _libraries;

    public UnprivilegedTests()
    {
        // Not everybody can reach into the directory of a build.
        _libraries = Directory.CreateDirectory(Path.Combine(TargetProgram.OutputDirectory, _domain.Name));
        foreach (var library in new[] { TestDomain.Library + ".1", TestDomain.Preload, Path.ChangeExtension(TestDomain.Library, null) + "-engine.so" })
        {
            File.Copy(library, Path.Combine(_libraries.FullName, Path.GetFileName(library)));
        }

        // Two files would be two libraries to the loader: the shorter name is a link, as where it was built.
        File.CreateSymbolicLink(Path.Combine(_libraries.FullName, Path.GetFileName(TestDomain.Library)), Path.GetFileName(TestDomain.Library) + ".1");
    }

    public void Dispose()
    {
        _domain.Dispose();
        _libraries.Delete(recursive: true);
    }

    [Fact]
    public void Whoever_the_keeper_allows_is_merged()
    {
        using var keeper = StartKeeper("--allow-user", "65534");
        using var one = Member();
        using var two = Member();
        one.AssertMerges();
        two.AssertMerges();
        one.AssertIntact();
        two.AssertIntact();
        Assert.True(one.Frames.Where(frame => frame != 0).Intersect(two.Frames).Count() > 100, "they share no frames");
        Assert.Contains("Uid:\t65534", File.ReadAllText($"/proc/{one.Pid}/status"), StringComparison.Ordinal);
        one.Ask("fill 2", "filled");
        one.AssertMerges();
        one.Ask("write 2000", "written");
        Assert.Equal("0", two.Ask("unmerge", "unmerged"));
        one.AssertIntact();
        two.AssertIntact();
        one.Program.Kill();
        two.Program.Kill();
        _domain.AssertNothingIsLeft();
    }

    [Fact]
    public void Whoever_it_does_not_allow_is_told_so_in_one_line()
    {
        using var keeper = StartKeeper();
        using var member = Member();
        AssertSaysWhyNot(member);
    }

    /// <summary>Two users may have domains of the same name, which have nothing to do with each other.</summary>
    [Fact]
    public void Root_tells_another_user_s_domain_from_its_own()
    {
        using var own = StartKeeper();
        var socket = Path.Combine("/tmp/samepage-65534/domains", _domain.Name + ".sock");
        using var another = Tool.Start("setpriv", SamepageCommand.AsNobody(["keeper", "--domain", _domain.Name]));
        try
        {
            Assert.True(SpinWait.SpinUntil(() => File.Exists(socket), 10_000), "the other keeper makes no socket");
            var (_, output, errors) = SamepageCommand.Run("status", "--domain", _domain.Name, "--json");
            using var status = System.Text.Json.JsonDocument.Parse(output);
            Assert.Equal(
                [_domain.Name, _domain.Name + "@65534"],
                status.RootElement.GetProperty("domains").EnumerateArray().Select(domain => domain.GetProperty("domain").GetString()).Order(StringComparer.Ordinal));
            Assert.Equal("", errors);
        }
        finally
        {
            another.Kill();
            another.WaitForExit();
            File.Delete(socket);
        }
    }

    /// <summary>Its own keeper may open no userfaultfd either.</summary>
    [Fact]
    public void Without_a_keeper_of_root_the_reason_is_told_in_one_line()
    {
        Assert.SkipUnless(File.ReadAllText("/proc/sys/vm/unprivileged_userfaultfd").Trim() == "0", "everybody may use userfaultfd here");
        using var member = Member();
        AssertSaysWhyNot(member);
    }

    private static void AssertSaysWhyNot(Holder member)
    {
        Assert.Equal(0, member.Await(1, seconds: 3).Merged);
        var reason = member.State().Reason;
        TestContext.Current.TestOutputHelper?.WriteLine(reason);
        Assert.NotEqual("", reason);
        member.AssertIntact();
        member.Ask("write 100", "written");
        _ = member.Ask("unmerge", "unmerged");
        member.AssertIntact();
    }

    private Holder Member() => new(TargetProgram.Launch("setpriv",
        ["--reuid=65534", "--regid=65534", "--clear-groups", "env", "-u", "XDG_RUNTIME_DIR",
            $"LD_PRELOAD={Path.Combine(_libraries.FullName, Path.GetFileName(TestDomain.Preload))}", $"SAMEPAGE_DOMAIN={_domain.Name}",
            $"SAMEPAGE_KEEPER={SamepageCommand.ExecutableForAll}", "SAMEPAGE_PACE=eager", TestDomain.Compile("user_holder"), "preload", "0", $"{Pages}"]), Pages);

    private System.Diagnostics.Process StartKeeper(params string[] allowed)
    {
        var keeper = Tool.Start(SamepageCommand.Executable, ["keeper", "--domain", _domain.Name, .. allowed]);
        for (var end = DateTime.UtcNow + TimeSpan.FromSeconds(10); !File.Exists(_domain.Socket); Thread.Sleep(10))
        {
            Assert.False(keeper.HasExited, $"the keeper ended: {(keeper.HasExited ? keeper.StandardError.ReadToEnd() : "")}");
            Assert.True(DateTime.UtcNow < end, "the keeper makes no socket");
        }

        return keeper;
    }
}
