namespace Samepage.Cli;

/// <summary>A file that appears under its name when it is whole, or not at all.</summary>
internal sealed class PartialFile : IDisposable
{
    private readonly string _draft;
    private bool _isFinished;

    private PartialFile(string path, string draft, FileStream stream) => (Path, _draft, Stream) = (path, draft, stream);

    /// <summary>Its name.</summary>
    public string Path { get; }

    /// <summary>What is written; it can be read back and sought.</summary>
    public FileStream Stream { get; }

    /// <summary>Begins one, which only its owner may read.</summary>
    /// <exception cref="CommandFailure">It cannot be written there.</exception>
    public static PartialFile Create(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        var isElsewhere = full.StartsWith("/dev/", StringComparison.Ordinal) && !full.StartsWith("/dev/shm/", StringComparison.Ordinal);
        if (path.Length == 0 || path.EndsWith('/') || Directory.Exists(full) || isElsewhere)
        {
            throw new CommandFailure(ExitCode.Usage, $"{path}: wants the path of an ordinary file");
        }

        var draft = $"{full}.{Environment.ProcessId}.partial";
        try
        {
            return new PartialFile(full, draft, new FileStream(draft, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }));
        }
        catch (DirectoryNotFoundException)
        {
            throw new CommandFailure(ExitCode.Usage, $"{path}: its directory does not exist");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CommandFailure(ExitCode.NotPermitted, $"{path}: you may not write there");
        }
    }

    /// <summary>It is whole.</summary>
    public void Finish()
    {
        Stream.Dispose();
        File.Move(_draft, Path, overwrite: true);
        _isFinished = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isFinished)
        {
            Stream.Dispose();
            File.Delete(_draft);
        }
    }
}
