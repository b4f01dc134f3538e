using Samepage.Governing;

namespace Samepage.Server.Http;

/// <summary>
/// What merging does for each process, looked up when somebody asks, and not more often than every five seconds however
/// often they do. Thread-safe.
/// </summary>
/// <param name="look">Looks at all processes.</param>
/// <param name="clock">Tells the time.</param>
public sealed class ProcessFigures(Func<ProcessSurvey> look, TimeProvider clock)
{
    /// <summary>Those that save most; a metric for each of thousands would help nobody.</summary>
    public const int ShownMax = 200;

    private static readonly TimeSpan s_freshFor = TimeSpan.FromSeconds(5);
    private readonly Lock _lock = new();
    private IReadOnlyList<ProcessMerging> _last = [];
    private long? _lookedAt;

    /// <summary>The processes that hold merged pages; the largest saving first.</summary>
    public IReadOnlyList<ProcessMerging> Look()
    {
        lock (_lock)
        {
            if (_lookedAt is not { } at || clock.GetElapsedTime(at) >= s_freshFor)
            {
                _last = [.. look().Shown.Take(ShownMax)];
                _lookedAt = clock.GetTimestamp();
            }

            return _last;
        }
    }
}
