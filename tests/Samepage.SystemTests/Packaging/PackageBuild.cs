namespace Samepage.SystemTests.Packaging;

/// <summary>Packages of what ./samepage compiled for this machine, in a directory of the test's own.</summary>
public sealed class PackageBuild : IDisposable
{
    private static readonly string[] s_packers = ["dh", "dpkg-buildpackage"];

    /// <summary>The version as the one place has it that names it.</summary>
    public static string Version { get; } = System.Xml.Linq.XDocument
        .Load(Path.Combine(SamepageCommand.Repository, "Directory.Build.props")).Descendants("Version").Single().Value;

    /// <summary>Where the packages are.</summary>
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("samepage-packages-").FullName;

    /// <summary>Runs one of the scripts in packaging/ and gives the packages that it made.</summary>
    /// <param name="script">Its name.</param>
    /// <param name="directory">Where to, below <see cref="Directory"/>.</param>
    public IReadOnlyList<string> Build(string script, string directory = "")
    {
        Require(script);
        var (status, output, errors) = Tool.Run(
            Path.Combine(SamepageCommand.Repository, "packaging", script), [],
            new Dictionary<string, string>
            {
                ["SAMEPAGE_PACKAGES"] = Path.Combine(Directory, directory),
                ["SAMEPAGE_PUBLISHED"] = UserEngine.NativeBuild.Output,
                ["SOURCE_DATE_EPOCH"] = "1700000000",
            });
        Assert.True(status == 0, errors);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    private static void Require(string script)
    {
        UserEngine.NativeBuild.Require();
        Assert.SkipUnless(
            script != "build-deb" || s_packers.All(packer => File.Exists($"/usr/bin/{packer}")), "needs debhelper and dpkg-dev (./test installs them)");
    }
}
