using System.Buffers.Text;
using Samepage.Linux.Interop;

namespace Samepage.Linux.Proc;

/// <summary>The kernel's marks of a mapping (proc_pid_smaps(5)) that matter to who wants to replace pages of it.</summary>
[Flags]
public enum MappingMarks
{
    /// <summary>None of these.</summary>
    None = 0,

    /// <summary>"lo": locked in memory.</summary>
    Locked = 1,

    /// <summary>"um", "uw", "ui": held by a userfaultfd.</summary>
    Userfault = 2,

    /// <summary>"dc": not copied by fork.</summary>
    WithheldFromFork = 4,

    /// <summary>"dd": not in core dumps.</summary>
    WithheldFromDump = 8,

    /// <summary>"nh": no huge pages.</summary>
    NoHugePages = 16,

    /// <summary>"wf", "gd", "io", "pf", "ht", "ss": of a kind that is best left alone.</summary>
    Special = 32,

    /// <summary>"nr": no memory is set aside for it.</summary>
    NoReserve = 64,
}

/// <summary>One mapping of this process.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">Address behind the last.</param>
/// <param name="IsPrivate">Changes are its own (MAP_PRIVATE).</param>
/// <param name="IsPrivateData">Readable, writable, private and not executable.</param>
/// <param name="IsAnonymous">Neither a file is behind it nor one of the kernel's own areas, such as a stack.</param>
/// <param name="IsOfSegment">A memory file of the name that the walker was told is behind it.</param>
/// <param name="Marks">The kernel's marks.</param>
public readonly record struct Mapping(
    ulong Start, ulong End, bool IsPrivate, bool IsPrivateData, bool IsAnonymous, bool IsOfSegment, MappingMarks Marks);

/// <summary>
/// Walks over the mappings of this process, from /proc/self/smaps. Allocates nothing but itself: a process with many
/// merged runs has a file of many megabytes. One thread at a time.
/// </summary>
public sealed unsafe class MappingWalker : IDisposable
{
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(64 * 1024, pinned: true);
    private readonly byte[] _segmentPath;
    private readonly int _fd;
    private int _begin;
    private int _end;
    private Mapping _pending;
    private bool _hasPending;

    /// <summary>Opens the file; the walk begins at the lowest address.</summary>
    /// <param name="segmentPath">How the path of a segment's mapping begins: "/memfd:samepage".</param>
    /// <exception cref="LinuxException">The file cannot be opened.</exception>
    public MappingWalker(ReadOnlySpan<byte> segmentPath)
    {
        _segmentPath = segmentPath.ToArray();
        _fd = Libc.open("/proc/thread-self/smaps", Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (_fd < 0)
        {
            throw LinuxException.Last("/proc/thread-self/smaps");
        }
    }

    /// <summary>The next mapping, in ascending order.</summary>
    /// <returns>False behind the last.</returns>
    public bool Next(out Mapping mapping)
    {
        while (TryReadLine(out var line))
        {
            if (line.StartsWith("VmFlags:"u8))
            {
                _pending = _pending with { Marks = Marks(line["VmFlags:"u8.Length..]) };
            }
            else if (line.Length > 0 && line[0] is >= (byte)'0' and <= (byte)'9' or >= (byte)'a' and <= (byte)'f')
            {
                var (had, before) = (_hasPending, _pending);
                _pending = Header(line);
                _hasPending = true;
                if (had)
                {
                    mapping = before;
                    return true;
                }
            }
        }

        mapping = _pending;
        var last = _hasPending;
        _hasPending = false;
        return last;
    }

    /// <inheritdoc/>
    public void Dispose() => _ = Libc.close(_fd);

    private bool TryReadLine(out ReadOnlySpan<byte> line)
    {
        while (true)
        {
            var rest = _buffer.AsSpan(_begin, _end - _begin);
            var newline = rest.IndexOf((byte)'\n');
            if (newline >= 0)
            {
                line = rest[..newline];
                _begin += newline + 1;
                return true;
            }

            rest.CopyTo(_buffer);
            (_begin, _end) = (0, rest.Length);
            fixed (byte* data = _buffer)
            {
                // SAFETY: the kernel writes at most what is left of the buffer.
                var got = _end == _buffer.Length ? 0 : Libc.read(_fd, data + _end, (nuint)(_buffer.Length - _end));
                if (got <= 0)
                {
                    line = default;
                    return false;
                }

                _end += (int)got;
            }
        }
    }

    /// <summary>"start-end perms offset dev inode    path".</summary>
    private Mapping Header(ReadOnlySpan<byte> line)
    {
        _ = Utf8Parser.TryParse(line, out ulong start, out var used, 'x');
        line = line[(used + 1)..];
        _ = Utf8Parser.TryParse(line, out ulong end, out used, 'x');
        line = line[(used + 1)..];
        var isPrivate = line.Length > 3 && line[3] == (byte)'p';
        var isPrivateData = line.StartsWith("rw-p"u8);
        var path = line.LastIndexOf((byte)' ') is var blank && blank >= 0 ? line[(blank + 1)..] : default;
        if (line.IndexOf((byte)'/') is var slash and >= 0)
        {
            path = line[slash..];
        }

        var isAnonymous = path.IsEmpty || path.SequenceEqual("[heap]"u8) || path.StartsWith("[anon:"u8) || IsInode(path);
        return new Mapping(start, end, isPrivate, isPrivateData, isAnonymous, path.StartsWith(_segmentPath), MappingMarks.None);
    }

    /// <summary>A line without a path ends in its inode, 0.</summary>
    private static bool IsInode(ReadOnlySpan<byte> word) => word is [(byte)'0'];

    private static MappingMarks Marks(ReadOnlySpan<byte> flags)
    {
        var marks = MappingMarks.None;
        for (flags = flags.TrimStart((byte)' '); flags.Length >= 2; flags = flags.Length > 3 ? flags[3..] : default)
        {
            marks |= (flags[0] << 8 | flags[1]) switch
            {
                'l' << 8 | 'o' => MappingMarks.Locked,
                'u' << 8 | 'm' or 'u' << 8 | 'w' or 'u' << 8 | 'i' => MappingMarks.Userfault,
                'd' << 8 | 'c' => MappingMarks.WithheldFromFork,
                'd' << 8 | 'd' => MappingMarks.WithheldFromDump,
                'n' << 8 | 'h' => MappingMarks.NoHugePages,
                'n' << 8 | 'r' => MappingMarks.NoReserve,
                'w' << 8 | 'f' or 'g' << 8 | 'd' or 'i' << 8 | 'o' or 'p' << 8 | 'f' or 'h' << 8 | 't' or 's' << 8 | 's' => MappingMarks.Special,
                _ => MappingMarks.None,
            };
        }

        return marks;
    }
}
