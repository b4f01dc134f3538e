using System.Runtime.Versioning;
using Samepage.Cli;
using Samepage.Cli.Rendering.Report;

namespace Samepage.Tests.Reporting;

public sealed class ReportFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void It_appears_under_its_name_and_leaves_nothing_else_behind()
    {
        var file = ReportFile.At(Path.Combine(_directory, "a.html"));
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
        file.Write("one");
        file.Write("two");
        Assert.Equal("two", File.ReadAllText(Assert.Single(Directory.GetFileSystemEntries(_directory))));
    }

    [Fact, SupportedOSPlatform("linux")]
    public void A_link_stays_a_link_and_the_mode_of_the_file_stays_too()
    {
        var real = Path.Combine(_directory, "real.html");
        var link = Path.Combine(_directory, "link.html");
        File.WriteAllText(real, "old");
        File.SetUnixFileMode(real, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(link, real);
        ReportFile.At(link).Write("new");
        Assert.Equal("new", File.ReadAllText(real));
        Assert.Equal(real, new FileInfo(link).LinkTarget);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(real));
    }

    [Theory]
    [InlineData("/dev/null"), InlineData("/proc/self/comm"), InlineData("/"), InlineData("/tmp"), InlineData("/nowhere/at/all.html"), InlineData("")]
    public void What_cannot_be_written_is_refused_at_once(string path)
    {
        var failure = Assert.Throws<CommandFailure>(() => ReportFile.At(path));
        Assert.Equal(2, failure.ExitCode);
        Assert.StartsWith("--html", failure.Message);
    }
}
