using System.Globalization;

namespace Samepage.Policies;

/// <summary>Times and sizes as a policy writes them: a number and a unit.</summary>
public static class PolicyUnits
{
    private static readonly (string Unit, long Milliseconds)[] s_times = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
    private static readonly (string Unit, long Bytes)[] s_sizes = [("K", 1L << 10), ("M", 1L << 20), ("G", 1L << 30), ("T", 1L << 40)];

    /// <summary>A time; null where the text is none.</summary>
    public static TimeSpan? Duration(string text) => Amount(text, s_times, 1e12) is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null;

    /// <summary>A time in the largest unit in which it is a whole number.</summary>
    public static string Text(TimeSpan time) => Text((long)time.TotalMilliseconds, s_times, "0s");

    /// <summary>A size in whole pages, one at least and 64 TiB at most; null where the text is none.</summary>
    public static long? Size(string text) => Amount(text, s_sizes, 1L << 46) is { } bytes and >= 4096 ? (long)bytes & ~4095L : null;

    /// <summary>A size in the largest unit in which it is a whole number.</summary>
    public static string Text(long bytes) => Text(bytes, s_sizes, "0K");

    private static double? Amount(string text, (string Unit, long Worth)[] units, double most)
    {
        foreach (var (unit, worth) in units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number * worth <= most)
            {
                return Math.Floor(number * worth);
            }
        }

        return null;
    }

    private static string Text(long amount, (string Unit, long Worth)[] units, string nothing)
    {
        for (var i = units.Length - 1; i >= 0 && amount > 0; i--)
        {
            if (amount % units[i].Worth == 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{amount / units[i].Worth}{units[i].Unit}");
            }
        }

        return nothing;
    }
}
