namespace Samepage.Cli.Rendering.Report;

/// <summary>
/// Where a report goes. The place is tried out when it is named, so that nobody waits for a scan whose result has
/// nowhere to go; the file then appears whole, under its name, or not at all.
/// </summary>
internal sealed class ReportFile
{
    private static readonly string[] s_notForFiles = ["/dev/", "/proc/", "/sys/"];

    private ReportFile(string path) => Path = path;

    /// <summary>The file, links followed.</summary>
    public string Path { get; }

    /// <summary>Tries whether a file can be written there.</summary>
    /// <exception cref="CommandFailure">It cannot; the message says why.</exception>
    public static ReportFile At(string path)
    {
        if (path.Length == 0)
        {
            throw new CommandFailure(ExitCode.Usage, "--html wants the path of a file");
        }

        try
        {
            var full = System.IO.Path.GetFullPath(path);
            if (new FileInfo(full).LinkTarget is not null)
            {
                full = File.ResolveLinkTarget(full, returnFinalTarget: true)!.FullName;
            }

            if (path.EndsWith('/') || Directory.Exists(full))
            {
                throw new CommandFailure(ExitCode.Usage, $"--html {path}: is a directory");
            }

            // A device would be replaced by the report, not written to.
            if (s_notForFiles.Any(full.StartsWith) && !full.StartsWith("/dev/shm/", StringComparison.Ordinal))
            {
                throw new CommandFailure(ExitCode.Usage, $"--html {path}: wants the path of an ordinary file");
            }

            var file = new ReportFile(full);
            using (file.Create(out var trial))
            {
                File.Delete(trial);
            }

            return file;
        }
        catch (DirectoryNotFoundException)
        {
            throw new CommandFailure(ExitCode.Usage, $"--html {path}: its directory does not exist");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CommandFailure(ExitCode.NotPermitted, $"--html {path}: you may not write there");
        }
        catch (Exception error) when (error is IOException or ArgumentException or NotSupportedException)
        {
            throw new CommandFailure(ExitCode.Usage, $"--html {path}: {error.Message}");
        }
    }

    /// <summary>Writes the file beside its place and moves it there in one step.</summary>
    public void Write(string text)
    {
        var stream = Create(out var temporary);
        try
        {
            using (stream)
            {
                using (var writer = new StreamWriter(stream, leaveOpen: true))
                {
                    writer.Write(text);
                }

                stream.Flush(flushToDisk: true);
            }

            if (OperatingSystem.IsLinux() && File.Exists(Path))
            {
                File.SetUnixFileMode(temporary, File.GetUnixFileMode(Path));
            }

            File.Move(temporary, Path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private FileStream Create(out string temporary)
    {
        temporary = $"{Path}.{Environment.ProcessId}.new";
        return new FileStream(temporary, FileMode.CreateNew, FileAccess.Write);
    }
}
