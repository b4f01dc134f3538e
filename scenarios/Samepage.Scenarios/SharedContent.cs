namespace Samepage.Scenarios;

/// <summary>A piece of a real file of this machine.</summary>
/// <param name="Path">Which file.</param>
/// <param name="Length">How many of its first bytes.</param>
/// <param name="FileLength">Its whole length.</param>
/// <param name="ModifiedTicks">When it was written last.</param>
public sealed record SharedFile(string Path, long Length, long FileLength, long ModifiedTicks);

/// <summary>
/// Chooses what the programs of a scenario hold in common: real libraries and executables of the machine, as programs
/// of one host do. The same machine always gives the same choice.
/// </summary>
public static class SharedContent
{
    /// <summary>Smaller files would make the list long, larger ones the content one-sided.</summary>
    private const long FileLengthMin = 64 << 10;
    private const long FileLengthMax = 16 << 20;

    /// <summary>Takes files in a fixed order until so many bytes are together; the last one is cut to fit.</summary>
    /// <param name="bytes">How much is wanted; a machine with less gives what it has.</param>
    /// <param name="root">Where the machine's files are; tests replace it.</param>
    /// <param name="skippedBytes">Files of so many bytes are passed over first: another choice from the same machine.</param>
    public static IReadOnlyList<SharedFile> Choose(long bytes, string root = "/", long skippedBytes = 0)
    {
        var chosen = new List<SharedFile>();
        foreach (var file in Candidates(root))
        {
            if (skippedBytes > 0)
            {
                skippedBytes -= file.Length;
                continue;
            }

            if (bytes <= 0)
            {
                break;
            }

            var length = Math.Min(bytes, file.Length);
            chosen.Add(new SharedFile(file.FullName, length, file.Length, file.LastWriteTimeUtc.Ticks));
            bytes -= length;
        }

        return chosen;
    }

    private static IEnumerable<FileInfo> Candidates(string root)
    {
        foreach (var (directory, deep) in Directories(root))
        {
            var options = new EnumerationOptions
            {
                RecurseSubdirectories = deep,
                AttributesToSkip = FileAttributes.ReparsePoint,
                IgnoreInaccessible = true,
            };
            var files = new DirectoryInfo(directory).EnumerateFiles("*", options)
                .Where(file => file.Length is >= FileLengthMin and <= FileLengthMax && IsReadable(file))
                .OrderBy(file => file.FullName, StringComparer.Ordinal);
            foreach (var file in files)
            {
                yield return file;
            }
        }
    }

    /// <summary>Libraries first, then the .NET installation, which the machine has where Samepage was built.</summary>
    private static IEnumerable<(string Path, bool Deep)> Directories(string root)
    {
        (string, bool)[] all =
        [
            ("usr/lib/x86_64-linux-gnu", false), ("usr/lib64", false), ("usr/lib", false), ("usr/bin", false),
            ("usr/share/dotnet", true), ("usr/lib/dotnet", true), ("usr/lib64/dotnet", true), ("root/.dotnet", true),
        ];
        return all.Select(entry => (Path.Combine(root, entry.Item1), entry.Item2))
            .Where(entry => Directory.Exists(entry.Item1))
            .DistinctBy(entry => new DirectoryInfo(entry.Item1).ResolveLinkTarget(true)?.FullName ?? entry.Item1);
    }

    private static bool IsReadable(FileInfo file)
    {
        try
        {
            using var stream = file.OpenRead();
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
