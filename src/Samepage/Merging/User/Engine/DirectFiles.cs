using System.Diagnostics;
using System.Globalization;
using Samepage.Linux;
using Samepage.Linux.Proc;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Notices files that the program may read past the page cache (O_DIRECT) from a file system that does not pin the pages
/// which it reads into. The kernel shows of such a read only a reference, as of many harmless things, and moves the page
/// all the same: what arrives then would be lost. NFS does so still in 6.18, Ceph and FUSE did for long. While such a
/// file is open nothing is merged, and no page is replaced. One thread: the engine's.
/// </summary>
/// <remarks>
/// It looks when a page is about to be replaced, once a second at most, and more seldom where the program has so many
/// files that this would cost 1 % of a core. The file system itself is not asked (statfs), which may wait for a server,
/// or for the program. Whatever is not known to pin counts as not pinning.
/// </remarks>
/// <param name="proc">Where the program's descriptors are.</param>
/// <param name="pid">The program.</param>
internal sealed class DirectFiles(ProcFs proc, int pid)
{
    private const int LookMilliseconds = 1_000;
    private const int CostDivisor = 100;

    /// <summary>Their direct reads pin: by iomap or fs/direct-io.c, in each kernel that has UFFDIO_MOVE.</summary>
    private static readonly HashSet<string> s_pinning =
        ["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "tmpfs", "devtmpfs", "ramfs", "hugetlbfs", "overlay", "rootfs"];

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
        var begin = Stopwatch.GetTimestamp();
        _mounts.Clear();
        Found = null;
        try
        {
            foreach (var path in Directory.EnumerateFiles(proc.PathOf(pid, "fdinfo")))
            {
                if (IsDirect(KernelFile.TryReadText(path), out var mount) && !IsPinning(mount, Path.GetFileName(path), out var type))
                {
                    Found = $"a file is open for direct I/O on {type} (descriptor {Path.GetFileName(path)}), whose reads nobody can see: merging pauses";
                    break;
                }
            }
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException)
        {
            Found = $"the program's descriptors cannot be looked at ({hidden.Message}): merging pauses";
        }

        var cost = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        _nextLook = LookSchedule.Now + Math.Max(LookMilliseconds, (long)(CostDivisor * cost));
    }

    /// <summary>O_DIRECT of x86-64 is 040000, and the kernel writes flags in octal: it is a bit of the fifth digit from the right.</summary>
    private static bool IsDirect(string? text, out int mount)
    {
        var fields = KeyedText.Parse(text ?? "");
        mount = (int)(fields.Number("mnt_id") ?? -1);
        return fields.Text("flags") is { Length: >= 5 } flags && ((flags[^5] - '0') & 4) != 0;
    }

    /// <summary>A mount of another namespace has no type here, and pipes (which mean something else by O_DIRECT) no mount.</summary>
    private bool IsPinning(int mount, string descriptor, out string type)
    {
        if (_mounts.Count == 0)
        {
            ReadMounts();
        }

        type = _mounts.GetValueOrDefault(mount, "an unknown file system");
        return s_pinning.Contains(type)
            || (!_mounts.ContainsKey(mount) && new FileInfo(proc.PathOf(pid, $"fd/{descriptor}")).LinkTarget is { } target && !target.StartsWith('/'));
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
}
