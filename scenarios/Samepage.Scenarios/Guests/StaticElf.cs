using System.Buffers.Binary;

namespace Samepage.Scenarios.Guests;

/// <summary>Tells whether an executable runs without the host's loader and libraries, which a guest does not have.</summary>
internal static class StaticElf
{
    private const int InterpreterSegment = 3;
    private const int HeaderLength = 64;

    /// <summary>A 64-bit x86 executable without an interpreter segment. Any other file is not one.</summary>
    public static bool Is(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return Is(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    internal static bool Is(Stream file)
    {
        var header = new byte[HeaderLength];
        if (file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength
            || !header.AsSpan(0, 6).SequenceEqual("\u007FELF\u0002\u0001"u8)
            || BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(18)) != 62)
        {
            return false;
        }

        var offset = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(32));
        var length = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(54));
        var count = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(56));
        var segments = new byte[length * count];
        file.Position = offset;
        if (length < 4 || file.ReadAtLeast(segments, segments.Length, throwOnEndOfStream: false) < segments.Length)
        {
            return false;
        }

        for (var index = 0; index < count; index++)
        {
            if (BinaryPrimitives.ReadInt32LittleEndian(segments.AsSpan(index * length)) == InterpreterSegment)
            {
                return false;
            }
        }

        return count > 0;
    }
}
