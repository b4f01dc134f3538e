using System.Globalization;

namespace Samepage.Cli;

/// <summary>Moments as people type them: so long ago (90s, 2h, 7d), a day, or a day and a time, in local time unless it says otherwise.</summary>
internal static class MomentText
{
    private static readonly string[] s_formats = ["yyyy-MM-dd", "yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-ddTHH:mmK", "yyyy-MM-ddTHH:mm:ssK"];

    /// <summary>Reads a moment.</summary>
    /// <param name="option">The option, for the message.</param>
    /// <param name="text">What was typed.</param>
    /// <param name="now">Now.</param>
    /// <exception cref="CommandFailure">The text is no such moment.</exception>
    public static DateTimeOffset Parse(string option, string text, DateTimeOffset now)
    {
        if (text == "now")
        {
            return now;
        }

        foreach (var (unit, seconds) in new[] { ("s", 1.0), ("m", 60), ("h", 3600), ("d", 86400), ("w", 7 * 86400) })
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number * seconds is >= 1 and <= 3650 * 86400.0)
            {
                return now - TimeSpan.FromSeconds(number * seconds);
            }
        }

        return DateTimeOffset.TryParseExact(text, s_formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var moment) && moment >= DateTimeOffset.UnixEpoch
            ? moment
            : throw new CommandFailure(ExitCode.Usage, $"{option} wants a time ago such as 30m, 2h or 7d, or a moment such as 2026-11-01 or 2026-11-01T18:30, not '{text}'");
    }
}
