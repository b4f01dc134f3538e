using Samepage.Server.History;
using Samepage.Server.Loop;
using Samepage.Tests.Serving;

namespace Samepage.Tests.History;

/// <summary>A directory, a clock and a keeper that works when the test says so.</summary>
internal sealed class HistoryRig : IDisposable
{
    private readonly TemporaryTree _tree = new();

    public HistoryRig(long sizeBytesMax = 16 << 20, int days = 60)
    {
        Options = new HistoryOptions(_tree.PathOf("state/history.db"), days, sizeBytesMax);
        Log = new DecisionLog(Clock, (level, line) => Lines.Add($"<{(int)level}>{line}"));
        Keeper = new HistoryKeeper(Log, Clock, () => Processes);
        Keeper.Follow(Options);
    }

    public SteppedClock Clock { get; } = new();

    public HistoryOptions Options { get; }

    public HistoryKeeper Keeper { get; }

    public DecisionLog Log { get; }

    public List<string> Lines { get; } = [];

    public IReadOnlyList<ProcessSample> Processes { get; set; } = [];

    public string Root => _tree.Root;

    public long Now => Clock.Day.ToUnixTimeSeconds();

    public void Dispose()
    {
        Keeper.Dispose();
        _tree.Dispose();
    }

    /// <summary>A sample with one value for saved_bytes, and others for those named.</summary>
    public static HistorySample Sample(long at, double saved, params ReadOnlySpan<(string Name, double Value)> others)
    {
        var values = new double?[HistorySeries.Host.Length];
        values[HistorySeries.IndexOf("saved_bytes")] = saved;
        foreach (var (name, value) in others)
        {
            values[HistorySeries.IndexOf(name)] = value;
        }

        return new HistorySample(at, values);
    }

    /// <summary>Lets ten seconds pass, and writes a sample of them.</summary>
    public void Step(double saved, params ReadOnlySpan<(string Name, double Value)> others)
    {
        var at = Now - (Now % 10);
        Clock.Advance(TimeSpan.FromSeconds(10));
        Keeper.Post(Sample(at, saved, others));
        Keeper.Work();
    }

    public void Steps(int count, double saved)
    {
        for (var i = 0; i < count; i++)
        {
            Step(saved);
        }
    }

    public HistoryAnswer Read(long from, long to, int points = 300, string? about = null)
    {
        using var reader = new HistoryReader(Options.Path);
        return reader.Read(new HistoryQuery(from, to, points, about), Now);
    }

    public static double?[] Series(HistoryAnswer answer, string name) =>
        answer.Values[answer.Series.Index().Single(pair => pair.Item.Name == name).Index];
}
