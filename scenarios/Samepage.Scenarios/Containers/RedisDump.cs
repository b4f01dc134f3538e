using System.Buffers.Binary;
using System.Text;

namespace Samepage.Scenarios.Containers;

/// <summary>
/// Writes what a Redis server loads when it starts: a dump (RDB, version 9) of plain strings, in the order given. Its
/// checksum is left out, which the format allows.
/// </summary>
internal static class RedisDump
{
    private const byte SelectDatabase = 0xFE, End = 0xFF, PlainString = 0;

    /// <summary>Writes keys and values.</summary>
    public static void Write(string path, IEnumerable<(string Key, byte[] Value)> entries)
    {
        using var file = new BufferedStream(File.Create(path), 1 << 16);
        file.Write("REDIS0009"u8);
        file.Write([SelectDatabase, 0]);
        foreach (var (key, value) in entries)
        {
            file.WriteByte(PlainString);
            WriteText(file, Encoding.ASCII.GetBytes(key));
            WriteText(file, value);
        }

        file.WriteByte(End);
        file.Write(new byte[8]);
    }

    /// <summary>Its length in one, two or five bytes, then the text.</summary>
    private static void WriteText(Stream file, ReadOnlySpan<byte> text)
    {
        switch (text.Length)
        {
            case < 1 << 6:
                file.WriteByte((byte)text.Length);
                break;
            case < 1 << 14:
                file.Write([(byte)(0x40 | (text.Length >> 8)), (byte)text.Length]);
                break;
            default:
                Span<byte> length = stackalloc byte[5];
                length[0] = 0x80;
                BinaryPrimitives.WriteInt32BigEndian(length[1..], text.Length);
                file.Write(length);
                break;
        }

        file.Write(text);
    }
}
