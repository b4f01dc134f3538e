using System.Globalization;

namespace Samepage.Linux.Proc;

/// <summary>How much somebody waited for a resource (PSI): <c>/proc/pressure/cpu</c> and their kin, and a group's.</summary>
/// <param name="SomePercent">Percent of the last ten seconds in which at least one task waited.</param>
/// <param name="FullPercent">The same of all tasks at once; 0 where the kernel does not say.</param>
public readonly record struct PressureStall(double SomePercent, double FullPercent)
{
    /// <summary>Reads the file's text; null where it is not of this kind.</summary>
    public static PressureStall? Parse(string text)
    {
        double? some = null, full = null;
        foreach (var line in text.Split('\n'))
        {
            if (line.Split(' ') is [var kind, var average, ..] && average.StartsWith("avg10=", StringComparison.Ordinal)
                && double.TryParse(average.AsSpan(6), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent))
            {
                (some, full) = kind switch { "some" => (percent, full), "full" => (some, percent), _ => (some, full) };
            }
        }

        return some is { } known ? new PressureStall(known, full ?? 0) : null;
    }

    /// <summary>Reads a file; null where there is none, or the kernel was booted with psi=0.</summary>
    public static PressureStall? TryRead(string path) => KernelFile.TryReadText(path) is { } text ? Parse(text) : null;
}
