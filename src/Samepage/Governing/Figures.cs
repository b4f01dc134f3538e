using System.Globalization;

namespace Samepage.Governing;

/// <summary>Figures as reasons tell them.</summary>
internal static class Figures
{
    private static readonly string[] s_units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>"2.0 GiB", "-12 MiB", "640 KiB".</summary>
    public static string Bytes(double bytes)
    {
        var unit = 0;
        var value = Math.Abs(bytes);
        for (; value >= 1024 && unit < s_units.Length - 1; unit++)
        {
            value /= 1024;
        }

        var sign = bytes < 0 ? "-" : "";
        var digits = value < 10 && unit > 0 ? "0.0" : "0";
        return string.Create(CultureInfo.InvariantCulture, $"{sign}{value.ToString(digits, CultureInfo.InvariantCulture)} {s_units[unit]}");
    }

    /// <summary>"25 % of a core", "0.4 % of a core".</summary>
    public static string Core(double share) => $"{Percent(share)} of a core";

    /// <summary>"25 %", "0.4 %".</summary>
    public static string Percent(double share) => string.Create(
        CultureInfo.InvariantCulture, $"{(share * 100).ToString(share < 0.0995 ? "0.#" : "0", CultureInfo.InvariantCulture)} %");

    /// <summary>"1.3 CPU-seconds".</summary>
    public static string CpuSeconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} CPU-seconds");

    /// <summary>"1 process", "3 processes".</summary>
    public static string Count(long number, string singular, string plural) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {(number == 1 ? singular : plural)}");
}
