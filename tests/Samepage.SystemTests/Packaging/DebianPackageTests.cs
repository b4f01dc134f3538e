namespace Samepage.SystemTests.Packaging;

/// <summary>The Debian packages and the tarball, as files, and in a clean Debian.</summary>
public sealed class DebianPackageTests(PackageBuild packages) : IClassFixture<PackageBuild>
{
    [Theory]
    [InlineData("build-deb", 2)]
    [InlineData("build-tarball", 1)]
    public void The_same_files_make_the_same_package(string script, int count)
    {
        var first = packages.Build(script, "first");
        var second = packages.Build(script, "second");
        Assert.Equal(count, first.Count);
        Assert.All(first.Zip(second), pair => Assert.True(
            File.ReadAllBytes(pair.First).AsSpan().SequenceEqual(File.ReadAllBytes(pair.Second)), $"{pair.First} differs"));
    }

    /// <summary>packaging/try-deb says what it looks at: each line is a claim, held or not.</summary>
    [Fact]
    public void A_clean_Debian_installs_runs_upgrades_removes_and_purges_it()
    {
        var built = packages.Build("build-deb");
        using var lease = KsmdLease.Take();
        var (status, output, errors) = Tool.Run(Path.Combine(SamepageCommand.Repository, "packaging", "try-deb"), built);
        TestContext.Current.TestOutputHelper?.WriteLine(output + errors);
        Assert.SkipWhen(status == 3, $"the packages cannot be tried here: {errors}");
        var lines = output.Split('\n').Where(line => line.StartsWith("ok: ", StringComparison.Ordinal)).ToList();
        Assert.True(status == 0, output + errors);
        Assert.True(lines.Count >= 25, $"only {lines.Count} things were looked at");
    }

    [Fact]
    public void Every_line_of_the_settings_that_ship_is_sound_when_it_is_uncommented()
    {
        var file = Path.Combine(packages.Directory, "all.toml");
        var shipped = File.ReadAllLines(Path.Combine(SamepageCommand.Repository, "packaging", "samepage.toml"));
        File.WriteAllLines(file, shipped.Select(line => line.StartsWith('#') && !line.StartsWith("# ", StringComparison.Ordinal) ? line[1..] : line));
        var (status, output, errors) = SamepageCommand.Run("check-config", "--config", file);
        Assert.True(status == 0, errors);
        Assert.Contains("size_max", output, StringComparison.Ordinal);
        Assert.Contains("guests", output, StringComparison.Ordinal);
    }
}
