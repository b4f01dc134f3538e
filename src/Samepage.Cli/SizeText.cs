using System.Globalization;
using Samepage.Planning;

namespace Samepage.Cli;

/// <summary>Sizes as people type them: 512M, 1.5G, 16GiB, 1073741824. Units are binary, as QEMU has them.</summary>
internal static class SizeText
{
    private const string Units = "KMGT";

    /// <summary>Reads a size of a page at least and 64 TiB at most.</summary>
    /// <param name="option">What the size is given to.</param>
    /// <param name="text">The size.</param>
    /// <param name="isZeroAllowed">Whether nothing at all is a size too.</param>
    /// <exception cref="CommandFailure">The text is no such size.</exception>
    public static long Parse(string option, string text, bool isZeroAllowed = false)
    {
        var (number, unit) = Split(text);
        if (decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && unit is { } bytes && value <= (decimal)GuestPlan.SizeBytesMax / bytes
            && (long)(value * bytes) is var size && (size >= 4096 || (isZeroAllowed && value == 0)))
        {
            return size;
        }

        throw new CommandFailure(ExitCode.Usage, $"{option} wants a size such as 512M, 1.5G or 16GiB, a page at least and 64 TiB at most, not '{text}'");
    }

    private static (string Number, long? Unit) Split(string text)
    {
        var number = text.TrimEnd('B', 'b', 'i');
        var suffix = text[number.Length..];
        var unit = number.Length == 0 ? -1 : Units.IndexOf(char.ToUpperInvariant(number[^1]), StringComparison.Ordinal);
        return unit < 0
            ? (number, suffix is "" or "B" ? 1 : null)
            : (number[..^1], suffix is "" or "iB" or "i" or "B" ? 1L << (10 * (unit + 1)) : null);
    }
}
