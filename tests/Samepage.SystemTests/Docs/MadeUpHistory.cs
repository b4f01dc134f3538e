using Samepage.Server.History;
using Samepage.Server.Loop;

namespace Samepage.SystemTests.Docs;

/// <summary>A history of the last hour, of a host with a few guests, as a daemon would have kept it.</summary>
internal static class MadeUpHistory
{
    private const int Seconds = 3600, StepSeconds = 10;

    /// <summary>Writes it; the file is whole and nobody's when this returns.</summary>
    /// <param name="file">Where to.</param>
    /// <param name="guests">The numbers of the guests' processes.</param>
    public static void Write(string file, params IEnumerable<int> guests)
    {
        var begin = (DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 60 * 60) - Seconds;
        ProcessSample[] processes = [.. guests.Select(pid => new ProcessSample(new ProcessIdentity(pid, 100, "boot", "qemu-system-x86", $"guest-{pid}"), 300, 400))];
        using var store = new HistoryStore(new HistoryOptions(file, 60, 16 << 20), begin);
        for (var step = 0; step < Seconds / StepSeconds; step++)
        {
            var at = begin + (step * StepSeconds);
            var decision = new Decision(step + 1, DateTimeOffset.FromUnixTimeSeconds(at), "governor", "host", null, "rests", "there is nothing to do");
            store.Append(
                new HistorySample(at, [.. HistorySeries.Host.Select((_, index) => index % 5 == 4 ? null : (double?)(index * 1.5))]),
                at % 60 == 0 ? processes : null, [new ToldDecision(LogLevel.Info, decision)]);
        }
    }
}
