namespace Samepage.Bench.Peers;

/// <summary>Something that paces ksmd.</summary>
internal interface IPeer : IDisposable
{
    /// <summary>What it is called in tables.</summary>
    string Name { get; }

    /// <summary>CPU time of its own, beside ksmd's, since it began.</summary>
    double CpuSeconds { get; }

    /// <summary>Memory of its own, in bytes.</summary>
    long ResidentBytes { get; }

    /// <summary>Begins. Until then ksmd stands still.</summary>
    void Begin();

    /// <summary>What it runs stands still, until <see cref="Resume"/>; ksmd is not meant.</summary>
    void Pause()
    {
        // Settings do nothing by themselves.
    }

    /// <summary>Goes on.</summary>
    void Resume()
    {
    }
}
