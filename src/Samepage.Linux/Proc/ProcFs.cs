using System.Globalization;

namespace Samepage.Linux.Proc;

/// <summary>
/// The process file system, with a root that tests replace by recorded or made-up trees. Thread-safe: it keeps nothing.
/// </summary>
/// <param name="root">Where it is mounted; "/proc" on a real host.</param>
public sealed class ProcFs(string root = "/proc")
{
    /// <summary>Where it is mounted.</summary>
    public string Root { get; } = root;

    /// <summary>Whether this is the real one, in which process numbers may be handed to system calls.</summary>
    public bool IsLive => Root == "/proc";

    /// <summary>The path of one process's file, for example <c>smaps</c>.</summary>
    public string PathOf(int pid, string file) => $"{Root}/{pid}/{file}";

    /// <summary>The numbers of all processes (thread group leaders) visible now, in ascending order.</summary>
    public int[] ListProcesses()
    {
        var pids = new List<int>();
        foreach (var directory in Directory.EnumerateDirectories(Root))
        {
            if (int.TryParse(Path.GetFileName(directory.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            {
                pids.Add(pid);
            }
        }

        pids.Sort();
        return [.. pids];
    }

    /// <summary>The text of one process's file.</summary>
    /// <exception cref="LinuxException">The process is gone or the caller may not read it.</exception>
    public string Read(int pid, string file) => KernelFile.ReadText(PathOf(pid, file));

    /// <summary>The text of one process's file, or null where it cannot be read.</summary>
    public string? TryRead(int pid, string file) => KernelFile.TryReadText(PathOf(pid, file));
}
