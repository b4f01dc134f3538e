using Samepage.SystemTests.UserEngine;

namespace Samepage.SystemTests.Packaging;

/// <summary>The tarball: installed below a prefix, used from there by a C program, taken away again.</summary>
public sealed class TarballTests(PackageBuild packages) : IClassFixture<PackageBuild>
{
    [Fact]
    public void A_C_program_finds_it_by_pkg_config_and_merges()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/pkg-config"), "needs pkg-config (./test installs it)");
        var prefix = Path.Combine(packages.Directory, "prefix");
        var installer = Unpack();
        Install(installer, "--prefix", prefix);
        var program = Path.Combine(packages.Directory, "shared_table");
        var source = Path.Combine(SamepageCommand.Repository, "examples", "c", "shared_table.c");
        var compiled = Shell(
            $"gcc -O2 -Wall -Werror {source} $(pkg-config --cflags --libs samepage) -Wl,-rpath,$(pkg-config --variable=libdir samepage) -o {program}", prefix);
        Assert.True(compiled.Status == 0, compiled.Errors);

        // Nothing of the build is used: the keeper and the engine are the installed ones.
        var run = Tool.Run(program, [NativeBuild.Domain("pkg-config")], new Dictionary<string, string> { ["SAMEPAGE_LIBRARY"] = "" });
        Assert.True(run.Status == 0, run.Output + run.Errors);
        Assert.EndsWith("all tables are intact\n", run.Output, StringComparison.Ordinal);
        Assert.Contains(prefix, Tool.Run("ldd", [program]).Output, StringComparison.Ordinal);
        Assert.Equal(PackageBuild.Version, Shell("pkg-config --modversion samepage", prefix).Output.Trim());
    }

    [Fact]
    public void What_it_installs_runs_and_goes_again()
    {
        var destination = Path.Combine(packages.Directory, "destination");
        var installer = Unpack();
        Install(installer, "--prefix", "/usr", destination);
        var version = Tool.Run(Path.Combine(destination, "usr/bin/samepage"), ["--version"]);
        Assert.True(version.Status == 0, version.Errors);
        Assert.StartsWith(PackageBuild.Version, version.Output, StringComparison.Ordinal);
        Assert.Contains("ExecStart=/usr/bin/samepage", File.ReadAllText(Path.Combine(destination, "usr/lib/systemd/system/samepage.service")), StringComparison.Ordinal);

        File.AppendAllText(Path.Combine(destination, "etc/samepage/samepage.toml"), "# mine\n");
        Install(installer, "--prefix", "/usr", destination);
        Assert.EndsWith("# mine\n", File.ReadAllText(Path.Combine(destination, "etc/samepage/samepage.toml")), StringComparison.Ordinal);

        Install(installer, "--uninstall --prefix", "/usr", destination);
        Assert.Empty(Directory.GetFiles(Path.Combine(destination, "usr"), "*", SearchOption.AllDirectories));
        Assert.NotEqual(0, Run(installer, "--uninstall --prefix", "/usr", destination).Status);
        Assert.Equal(2, Run(installer, "--prefix", "relative", destination).Status);
    }

    private static void Install(string installer, string option, string prefix, string destination = "")
    {
        var (status, output, errors) = Run(installer, option, prefix, destination);
        Assert.True(status == 0, output + errors);
    }

    // Without a DESTDIR it is a real installation below its prefix, and writes to /etc: the test never asks for that.
    private static (int Status, string Output, string Errors) Run(string installer, string option, string prefix, string destination)
    {
        var isPrefixOnly = destination.Length == 0;
        var variables = new Dictionary<string, string> { ["DESTDIR"] = isPrefixOnly ? Path.GetDirectoryName(prefix)! : destination };
        return Tool.Run(installer, [.. option.Split(' '), isPrefixOnly ? "/" + Path.GetFileName(prefix) : prefix], variables);
    }

    private static (int Status, string Output, string Errors) Shell(string words, string prefix) => Tool.Run(
        "sh", ["-c", words], new Dictionary<string, string> { ["PKG_CONFIG_PATH"] = Path.Combine(prefix, "lib", "pkgconfig") });

    private string Unpack()
    {
        var archive = Assert.Single(packages.Build("build-tarball"));
        var to = Directory.CreateDirectory(Path.Combine(packages.Directory, "unpacked")).FullName;
        var (status, _, errors) = Tool.Run("tar", ["-xzf", archive, "-C", to]);
        Assert.True(status == 0, errors);
        return Path.Combine(Assert.Single(Directory.GetDirectories(to)), "install.sh");
    }
}
