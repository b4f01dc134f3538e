namespace Samepage.Scenarios;

/// <summary>
/// A directory for the files of one run, which goes with it. What a killed run has left is removed by the next: who holds
/// the lock beside a directory lives, and the kernel takes the lock away from whoever does not.
/// </summary>
public sealed class OwnedDirectory : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly FileStream _lock;

    private OwnedDirectory(string path, FileStream held) => (Path, _lock) = (path, held);

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Removes what dead runs have left, and makes a new one.</summary>
    /// <param name="stateDirectory">All of them lie in its folder <c>scenarios</c>.</param>
    /// <exception cref="ScenarioException">There is no place for it; the message says why.</exception>
    public static OwnedDirectory Create(string stateDirectory)
    {
        try
        {
            var all = System.IO.Path.Combine(stateDirectory, "scenarios");
            Directory.CreateDirectory(all, OwnerOnly);
            Sweep(all);
            // Short: sockets lie in it, whose paths may have 107 bytes.
            var path = System.IO.Path.Combine(all, Guid.NewGuid().ToString("N")[..8]);
            var held = TryHold(path + ".lock", FileMode.CreateNew)
                ?? throw new ScenarioException($"{path}.lock cannot be made");
            Directory.CreateDirectory(path, OwnerOnly);
            return new OwnedDirectory(path, held);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ScenarioException($"no place for the run's files: {error.Message}");
        }
    }

    /// <summary>A new directory in it.</summary>
    public string Make(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    /// <summary>Removes it with all that is in it.</summary>
    public void Dispose()
    {
        Remove(Path);
        File.Delete(Path + ".lock");
        _lock.Dispose();
    }

    private static void Sweep(string all)
    {
        foreach (var file in Directory.EnumerateFiles(all, "*.lock"))
        {
            if (TryHold(file, FileMode.Open) is { } left)
            {
                using (left)
                {
                    Remove(file[..^".lock".Length]);
                    File.Delete(file);
                }
            }
        }
    }

    /// <summary>Opening a file for oneself alone is flock(LOCK_EX | LOCK_NB): it ends with the process at the latest.</summary>
    private static FileStream? TryHold(string file, FileMode mode)
    {
        try
        {
            return new FileStream(file, mode, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            // Somebody lives, or has just removed it.
            return null;
        }
    }

    /// <summary>Programs that were killed a moment ago may still write: another try, then.</summary>
    private static void Remove(string path)
    {
        for (var tries = 20; Directory.Exists(path); tries--)
        {
            try
            {
                Directory.Delete(path, recursive: true);
            }
            catch (IOException) when (tries > 0)
            {
                Thread.Sleep(100);
            }
        }
    }
}
