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

    /// <summary>SAMEPAGE_KILLS: deaths in the death campaign.</summary>
    public static int Kills => (int)Number("SAMEPAGE_KILLS", 40);

    /// <summary>SAMEPAGE_SEED: what a campaign draws from; new each time unless set.</summary>
    public static int Seed => (int)Number("SAMEPAGE_SEED", Environment.TickCount & 0xFFFFFF);

    /// <summary>SAMEPAGE_TEST_SCALE: how many times longer than in ./test.</summary>
    public static string Seconds(double seconds) =>
        (seconds * Number("SAMEPAGE_TEST_SCALE", 1)).ToString(CultureInfo.InvariantCulture);

    private static double Number(string variable, double otherwise) =>
        double.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
