using System.Globalization;

namespace Samepage.Cli;

/// <summary>Durations as people type them: 500ms, 2s, 1.5m, 1h.</summary>
internal static class DurationText
{
    /// <summary>Reads a duration of more than nothing and at most a day.</summary>
    /// <exception cref="CommandFailure">The text is no such duration.</exception>
    public static TimeSpan Parse(string option, string text)
    {
        foreach (var (unit, milliseconds) in new[] { ("ms", 1.0), ("s", 1e3), ("m", 60e3), ("h", 3600e3) })
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number * milliseconds is >= 1 and <= 24 * 3600e3)
            {
                return TimeSpan.FromMilliseconds(number * milliseconds);
            }
        }

        throw new CommandFailure(ExitCode.Usage, $"{option} wants a duration such as 500ms, 2s or 1m, a day at most, not '{text}'");
    }
}
