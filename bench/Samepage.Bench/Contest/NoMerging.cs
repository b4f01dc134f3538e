using Samepage.Bench.Measuring;

namespace Samepage.Bench.Contest;

/// <summary>The one that the others are held against: nothing is merged.</summary>
internal sealed class NoMerging : IPausableMerging
{
    public string Name => "none";

    public IReadOnlyDictionary<string, string> Environment => NativeProgram.NoEnvironment;

    public double CpuSeconds => 0;

    public long SavedPages => 0;

    public double Passes => 0;

    public double QuietPasses => double.PositiveInfinity;

    public TimeSpan QuietTime => TimeSpan.MaxValue;

    public EngineAccount Account => new();

    public void Begin(IReadOnlyList<int> pids)
    {
        // ksmd stands still between trials, and nobody wakes it.
    }

    public void Pause()
    {
    }

    public void Resume()
    {
    }

    public void Dispose()
    {
    }
}
