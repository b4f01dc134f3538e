using System.Globalization;

namespace Samepage.SystemTests.UserEngine;

/// <summary>How long tests of the user engine go on: short in ./test, long by hand.</summary>
internal static class Campaign
{
    /// <summary>SAMEPAGE_KILLS: deaths in the death campaign; 40 unless set.</summary>
    public static int Kills => (int)Number("SAMEPAGE_KILLS", 40);

    /// <summary>SAMEPAGE_SEED: what a campaign draws from; new each time unless set.</summary>
    public static int Seed => (int)Number("SAMEPAGE_SEED", Environment.TickCount & 0xFFFFFF);

    /// <summary>SAMEPAGE_TEST_SCALE: how many times longer than in ./test.</summary>
    public static string Seconds(double seconds) =>
        (seconds * Number("SAMEPAGE_TEST_SCALE", 1)).ToString(CultureInfo.InvariantCulture);

    private static double Number(string name, double otherwise) =>
        double.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
