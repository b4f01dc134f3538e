using System.Buffers.Binary;
using System.Globalization;

namespace Samepage.Scenarios.Guests.Desktop;

/// <summary>
/// The sum that desktop.c computes over what lies in a guest's memory: 64-bit words added up, and those partial sums
/// added up (Fletcher), modulo 2^64.
/// </summary>
internal struct DesktopSum
{
    private ulong _words;
    private ulong _sums;

    /// <summary>Adds data of whole words.</summary>
    public void Add(ReadOnlySpan<byte> data)
    {
        for (; data.Length >= 8; data = data[8..])
        {
            _words = unchecked(_words + BinaryPrimitives.ReadUInt64LittleEndian(data));
            _sums = unchecked(_sums + _words);
        }
    }

    /// <summary>As the guest says it.</summary>
    public override readonly string ToString() => _words.ToString("x16", CultureInfo.InvariantCulture) + _sums.ToString("x16", CultureInfo.InvariantCulture);
}
