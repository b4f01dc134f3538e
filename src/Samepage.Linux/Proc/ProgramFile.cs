using System.Buffers.Binary;
using System.Text;

namespace Samepage.Linux.Proc;

/// <summary>What an executable file is, as far as preloading a library into it goes.</summary>
public enum ProgramFileKind
{
    /// <summary>For x86-64, linked dynamically with the C library of GNU.</summary>
    Preloadable,

    /// <summary>No program that this reader knows.</summary>
    Unknown,

    /// <summary>For another processor, or for 32 bits.</summary>
    Foreign,

    /// <summary>Linked statically: there is no loader that could preload anything.</summary>
    Static,

    /// <summary>Linked with another C library.</summary>
    OtherLibrary,

    /// <summary>Runs as another user or group than its caller: the loader ignores what the environment says.</summary>
    Privileged,
}

/// <summary>Reads the head of an executable.</summary>
public static class ProgramFile
{
    private const int HeadBytes = 4096;
    private const int ScriptsMax = 4;
    private const int ElfHeaderBytes = 64;
    private const int ProgramHeaderBytes = 56;
    private const ushort MachineX64 = 62;
    private const uint InterpreterSegment = 3;

    /// <summary>Says what a file is; of a script, what its interpreter is.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The kind; <see cref="ProgramFileKind.Unknown"/> also where it may not be read.</returns>
    public static ProgramFileKind KindOf(string path) => KindOf(path, 0);

    private static ProgramFileKind KindOf(string path, int depth)
    {
        try
        {
            var head = Head(path);
            return head is [(byte)'#', (byte)'!', ..] && depth < ScriptsMax && Interpreter(head) is { } interpreter
                ? KindOf(interpreter, depth + 1)
                : IsPrivileged(path) ? ProgramFileKind.Privileged
                : KindOf(head);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return ProgramFileKind.Unknown;
        }
    }

    private static byte[] Head(string path)
    {
        using var file = File.OpenRead(path);
        var head = new byte[HeadBytes];
        return head[..file.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false)];
    }

    private static string? Interpreter(byte[] head)
    {
        var line = Encoding.UTF8.GetString(head).AsSpan(2);
        var end = line.IndexOf('\n');
        var words = (end < 0 ? line : line[..end]).ToString().Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);

        // "env" finds its program in PATH.
        return words is [var first, .. var rest] && Path.GetFileName(first) == "env" && rest.FirstOrDefault(word => word[0] != '-' && !word.Contains('=')) is { } program
            ? ProgramImage.Find(program, out var found) == Errno.None ? found : first
            : words.FirstOrDefault();
    }

    private static bool IsPrivileged(string path)
    {
        const UnixFileMode changesWho = UnixFileMode.SetUser | UnixFileMode.SetGroup;
        return !Environment.IsPrivilegedProcess && (File.GetUnixFileMode(path) & changesWho) != 0;
    }

    private static ProgramFileKind KindOf(ReadOnlySpan<byte> head)
    {
        if (head.Length < ElfHeaderBytes || !head.StartsWith("\u007fELF"u8))
        {
            return ProgramFileKind.Unknown;
        }

        if (head[4] != 2 || BinaryPrimitives.ReadUInt16LittleEndian(head[18..]) != MachineX64)
        {
            return ProgramFileKind.Foreign;
        }

        return LoaderOf(head) switch
        {
            null => ProgramFileKind.Static,
            var loader when loader.Contains("ld-linux", StringComparison.Ordinal) => ProgramFileKind.Preloadable,
            _ => ProgramFileKind.OtherLibrary,
        };
    }

    private static string? LoaderOf(ReadOnlySpan<byte> head)
    {
        var offset = BinaryPrimitives.ReadUInt64LittleEndian(head[32..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(head[56..]);
        for (var i = 0UL; i < count && offset + (i + 1) * ProgramHeaderBytes <= (ulong)head.Length; i++)
        {
            var header = head[(int)(offset + i * ProgramHeaderBytes)..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) == InterpreterSegment)
            {
                var start = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
                var length = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
                return start + length <= (ulong)head.Length ? Encoding.UTF8.GetString(head.Slice((int)start, (int)length)) : "";
            }
        }

        return null;
    }
}
