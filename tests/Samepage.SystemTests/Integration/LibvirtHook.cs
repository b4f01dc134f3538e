namespace Samepage.SystemTests.Integration;

/// <summary>
/// The libvirt hook, called as libvirt calls it: guest, operation, sub-operation and a dash as arguments, the domain's
/// XML on standard input. Its settings, libvirt's directory of pid files, and where asked a samepage that only notes how
/// it was called, are the test's own.
/// </summary>
internal sealed class LibvirtHook : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-libvirt-").FullName;

    public LibvirtHook() => Settings($"SAMEPAGE={SamepageCommand.Executable}");

    /// <summary>Where libvirt would have its pid files.</summary>
    public string RunDirectory => Directory.CreateDirectory(Path.Combine(_directory, "run")).FullName;

    /// <summary>How the noting samepage was called, a line for each call.</summary>
    public string[] Calls => File.Exists(Log) ? File.ReadAllLines(Log) : [];

    private string Log => Path.Combine(_directory, "calls");

    /// <summary>Writes the settings that hold from now on.</summary>
    public void Settings(params IEnumerable<string> lines) => File.WriteAllLines(
        Path.Combine(_directory, "libvirt.conf"), [$"RUN={RunDirectory}", $"CONTROL={_directory}/none", .. lines]);

    /// <summary>Puts a samepage in place that notes its arguments and ends with a status, or does what a shell is told.</summary>
    public string Noting(int status, string more = ":")
    {
        var file = Path.Combine(_directory, "samepage");
        File.WriteAllText(file, $"#!/bin/sh\nprintf '%s\\n' \"$*\" >>{Log}\n{more}\necho said\nexit {status}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return $"SAMEPAGE={file}";
    }

    /// <summary>Has libvirt's directory say which process a guest is.</summary>
    public void Running(string guest, int pid) => File.WriteAllText(Path.Combine(RunDirectory, $"{guest}.pid"), $"{pid}\n");

    /// <summary>Calls the hook.</summary>
    public (int Status, string Output, string Errors) Call(string operation, string xml, string guest = "web")
    {
        var file = Path.Combine(_directory, "domain.xml");
        File.WriteAllText(file, xml);
        var hook = Path.Combine(SamepageCommand.Repository, "packaging", "libvirt", "qemu");
        return Tool.Run(
            "/bin/sh", ["-c", "exec \"$0\" \"$@\" <\"$XML\"", hook, guest, .. operation.Split(' '), "-"],
            new Dictionary<string, string> { ["XML"] = file, ["SAMEPAGE_LIBVIRT_CONF"] = Path.Combine(_directory, "libvirt.conf") });
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
