using System.Globalization;

namespace Samepage.SystemTests.UserEngine;

/// <summary>
/// How long the integrity tests go on. By default each takes seconds; a campaign raises the numbers through the
/// environment (CONTRIBUTING.md).
/// </summary>
internal static class Campaign
{
    /// <summary>SAMEPAGE_WRITES: checked writes of one run.</summary>
    public static double Writes => Number("SAMEPAGE_WRITES", 2e7);

    /// <summary>SAMEPAGE_READS: direct reads of one run.</summary>
    public static double Reads => Number("SAMEPAGE_READS", 3e4);

    /// <summary>SAMEPAGE_SOAK_SECONDS: how long guests run and check themselves.</summary>
    public static double SoakSeconds => Number("SAMEPAGE_SOAK_SECONDS", 6);

    private static double Number(string variable, double otherwise) =>
        double.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
