namespace Samepage.Governing;

/// <summary>
/// What the latest CPU time of ksmd has brought: growth of what is saved, for each CPU-second. Only the net counts:
/// pages that break and merge again gain nothing. Not thread-safe.
/// </summary>
/// <param name="evidenceSeconds">CPU time below which nothing is said.</param>
public sealed class YieldMeter(double evidenceSeconds = 0.1)
{
    private readonly Queue<(double CpuSeconds, long SavedBytes)> _looks = [];
    private double _cpuSeconds;

    /// <summary>Bytes saved for each CPU-second, lately; null before there was enough CPU time to say. May be negative.</summary>
    public double? BytesPerCpuSecond { get; private set; }

    /// <summary>Takes in what was spent since the last look, and what is saved now.</summary>
    public void Observe(double cpuSeconds, long savedBytes)
    {
        _cpuSeconds += cpuSeconds;
        _looks.Enqueue((_cpuSeconds, savedBytes));

        // The oldest look stays as long as what follows it is too little evidence by itself.
        while (_looks.Count > 2 && _cpuSeconds - _looks.ElementAt(1).CpuSeconds >= evidenceSeconds)
        {
            _looks.Dequeue();
        }

        var oldest = _looks.Peek();
        var spent = _cpuSeconds - oldest.CpuSeconds;
        BytesPerCpuSecond = spent >= evidenceSeconds ? (savedBytes - oldest.SavedBytes) / spent : null;
    }

    /// <summary>Begins anew: memory went away, and what was saved with it.</summary>
    public void Reset()
    {
        _looks.Clear();
        BytesPerCpuSecond = null;
    }
}
