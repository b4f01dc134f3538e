using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Samepage.Scenarios;

/// <summary>Digests of file pieces, computed here as the programs compute them over what they hold in memory.</summary>
internal static class Digests
{
    /// <summary>An odd factor: the contribution of a changed word can then never vanish modulo 2^64.</summary>
    public const long Factor = 6364136223846793005;

    private const int ChunkLength = 1 << 16;

    /// <summary>SHA-256 over all pieces, one after the other, in hexadecimal.</summary>
    public static string Sha256(IEnumerable<SharedFile> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var chunk in Chunks(files))
        {
            hash.AppendData(chunk.Span);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>
    /// A polynomial over little-endian 64-bit words (Horner's rule modulo 2^64), which depends on every byte and on the
    /// order of the words, and which an interpreter without any library computes in reasonable time. The end of each
    /// piece is filled up with zeros to a whole word.
    /// </summary>
    public static string Polynomial(IEnumerable<SharedFile> files)
    {
        long hash = 0;
        var padded = new byte[ChunkLength];
        foreach (var chunk in Chunks(files))
        {
            var words = chunk.Span;
            if (words.Length % 8 != 0)
            {
                Array.Clear(padded);
                words.CopyTo(padded);
                words = padded.AsSpan(0, (words.Length + 7) / 8 * 8);
            }

            for (; words.Length > 0; words = words[8..])
            {
                hash = unchecked((hash * Factor) + BinaryPrimitives.ReadInt64LittleEndian(words));
            }
        }

        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }

    /// <summary>All chunks but the last of a piece are full.</summary>
    private static IEnumerable<ReadOnlyMemory<byte>> Chunks(IEnumerable<SharedFile> files)
    {
        var buffer = new byte[ChunkLength];
        foreach (var file in files)
        {
            using var stream = File.OpenRead(file.Path);
            for (var left = file.Length; left > 0;)
            {
                var wanted = (int)Math.Min(left, buffer.Length);
                stream.ReadExactly(buffer, 0, wanted);
                left -= wanted;
                yield return buffer.AsMemory(0, wanted);
            }
        }
    }
}
