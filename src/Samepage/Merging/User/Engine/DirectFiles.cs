using System.Globalization;
using Samepage.Linux;
using Samepage.Linux.Proc;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Notices files that the program may read past the page cache from a file system that does not pin the pages which it
/// reads into. The kernel shows of such a read only a reference, as of many harmless things, and moves the page all the
/// same: what arrives then would be lost. NFS does so still in 6.18, Ceph and FUSE did for long. While such a file is open
/// nothing is merged, and no page is replaced. One thread: the engine's.
/// </summary>
/// <remarks>
/// It looks when a page is about to be replaced, once a second at most, and more seldom where the program has so many
/// files that this would cost 1 % of a core, but every <see cref="LookMillisecondsMax"/>. The file system itself is not
/// asked (statfs), which may wait for a server, or for the program. Whatever is not known to pin counts as not pinning.
/// </remarks>
/// <param name="proc">Where the program's descriptors are.</param>
/// <param name="pid">The program.</param>
internal sealed class DirectFiles(ProcFs proc, int pid)
{
    private const int LookMilliseconds = 1_000, LookMillisecondsMax = 5_000;
    private const int CostDivisor = 100;
    private const long NanosecondsPerMillisecond = 1_000_000;

    /// <summary>
    /// Their direct reads pin: by iomap or fs/direct-io.c, in each kernel that has UFFDIO_MOVE. Overlay is not among them,
    /// as it reads from what lies below.
    /// </summary>
    private static readonly HashSet<string> s_pinning =
        ["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "tmpfs", "devtmpfs", "ramfs", "hugetlbfs", "rootfs"];

    /// <summary>Their servers decide what is read past the page cache, and flags do not tell.</summary>
    private static readonly string[] s_secretive = ["fuse", "fuseblk", "virtiofs"];

    private readonly Dictionary<int, string> _mounts = [];
    private long _nextLook;

    /// <summary>What is open, in words; null where nothing is.</summary>
    public string? Found { get; private set; }

    /// <summary>Whether one is open, as of the last second.</summary>
    public bool AreOpen
    {
        get
        {
            if (LookSchedule.Now >= _nextLook)
            {
                Look();
            }

            return Found is not null;
        }
    }

    /// <summary>Looks now.</summary>
    public void Look()
    {
        var begin = CurrentThread.CpuNanoseconds;
        _mounts.Clear();
        Found = null;
        try
        {
            Found = ProcessStat.TryRead(proc, pid) is { State: 'Z' }
                ? "the program's main thread has ended, so its descriptors cannot be looked at: merging pauses"
                : Directory.EnumerateFiles(proc.PathOf(pid, "fdinfo")).Select(Describe).FirstOrDefault(words => words is not null);
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException or LinuxException)
        {
            Found = $"the program's descriptors cannot be looked at ({hidden.Message}): merging pauses";
        }

        var cost = (CurrentThread.CpuNanoseconds - begin) / NanosecondsPerMillisecond;
        _nextLook = LookSchedule.Now + Math.Clamp(CostDivisor * cost, LookMilliseconds, LookMillisecondsMax);
    }

    /// <summary>What is to be minded about a descriptor, in words; null where it is harmless, or closed by now.</summary>
    private string? Describe(string path)
    {
        // Sockets, pipes and the like have no such reads, and to ask about some of them (epoll) holds the program up.
        var descriptor = Path.GetFileName(path);
        if (new FileInfo(proc.PathOf(pid, $"fd/{descriptor}")).LinkTarget is { } target && !target.StartsWith('/'))
        {
            return null;
        }

        try
        {
            var fields = KeyedText.Parse(KernelFile.ReadText(path));
            var flags = new OpenFlags(fields.Text("flags") ?? "");
            var type = TypeOf((int)(fields.Number("mnt_id") ?? -1));
            return flags.IsDirect && !s_pinning.Contains(type)
                ? $"a file is open for direct I/O on {type} (descriptor {descriptor}), whose reads nobody can see: merging pauses"
                : flags.IsReadable && s_secretive.Contains(type.Split('.')[0])
                ? $"a file is open on {type} (descriptor {descriptor}), which may read it past the page cache, where nobody can see that: merging pauses"
                : null;
        }
        catch (LinuxException closed) when (closed.IsGone)
        {
            return null;
        }
    }

    /// <summary>The type of a mount; of one in another namespace it is not known.</summary>
    private string TypeOf(int mount)
    {
        if (_mounts.Count == 0)
        {
            ReadMounts();
        }

        return _mounts.GetValueOrDefault(mount, "an unknown file system");
    }

    /// <summary>By their numbers: "36 35 98:0 /root /point options - type source options" (proc_pid_mountinfo(5)).</summary>
    private void ReadMounts()
    {
        foreach (var line in (proc.TryRead(pid, "mountinfo") ?? "").Split('\n'))
        {
            var separator = line.IndexOf(" - ", StringComparison.Ordinal);
            if (separator > 0 && int.TryParse(line.AsSpan(0, line.IndexOf(' ')), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                _mounts[number] = line[(separator + 3)..].Split(' ')[0];
            }
        }
    }

    /// <summary>The flags of a descriptor as the kernel writes them for x86-64: in octal, "0140002".</summary>
    private readonly record struct OpenFlags(string Octal)
    {
        /// <summary>O_DIRECT is 040000.</summary>
        public bool IsDirect => (Digit(5) & 4) != 0;

        /// <summary>Neither O_WRONLY (01) nor a directory (0200000, which O_TMPFILE, 020000000, has too) or a mere path (010000000).</summary>
        public bool IsReadable => (Digit(1) & 3) != 1 && ((Digit(6) & 2) == 0 || (Digit(8) & 2) != 0) && (Digit(8) & 1) == 0;

        private int Digit(int fromRight) => Octal.Length >= fromRight ? Octal[^fromRight] - '0' : 0;
    }
}
