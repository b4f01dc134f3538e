using System.Globalization;
using System.Text;

namespace Samepage.Cli.Rendering;

/// <summary>Numbers and names as people read them; the same everywhere a verb speaks to a person.</summary>
internal static class Readable
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>Bytes with a fitting binary unit: 812 MiB, 2.1 GiB.</summary>
    public static string Size(long bytes)
    {
        var value = (double)Math.Abs(bytes);
        var unit = 0;
        // What would be written as 1024 of a unit is one of the next.
        while (unit + 1 < s_units.Length && Math.Round(value, value < 99.95 ? 1 : 0) >= 1024)
        {
            value /= 1024;
            unit++;
        }

        var format = unit == 0 || value >= 99.95 ? "0" : "0.0";
        var sign = bytes < 0 ? "-" : "";
        return $"{sign}{value.ToString(format, CultureInfo.InvariantCulture)} {s_units[unit]}";
    }

    /// <summary>A count with thousands apart: 1,234,567.</summary>
    public static string Count(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>A number with a word that agrees with it: "1 process", "8 processes".</summary>
    public static string Count(long number, string one, string many) => $"{Count(number)} {(number == 1 ? one : many)}";

    /// <summary>A part of a whole: 38 %; below ten with one decimal.</summary>
    public static string Percent(long part, long whole)
    {
        var percent = whole == 0 ? 0 : 100.0 * part / whole;
        return percent.ToString(percent is > 0 and < 9.95 ? "0.0" : "0", CultureInfo.InvariantCulture) + " %";
    }

    /// <summary>Seconds: 12.3 s, 480 ms.</summary>
    public static string Seconds(double seconds) => seconds < 1
        ? (seconds * 1000).ToString("0", CultureInfo.InvariantCulture) + " ms"
        : seconds.ToString(seconds < 100 ? "0.0" : "#,0", CultureInfo.InvariantCulture) + " s";

    /// <summary>
    /// A name that a process chose for itself, made harmless: it may hold line breaks, terminal escapes or text that
    /// runs backwards.
    /// </summary>
    public static string Name(string name)
    {
        var safe = new StringBuilder(name.Length);
        foreach (var rune in name.EnumerateRunes())
        {
            var isSafe = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate);
            safe.Append(isSafe ? rune.ToString() : "?");
        }

        return safe.Length == 0 ? "?" : safe.ToString();
    }
}
