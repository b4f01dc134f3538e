using System.Collections.Concurrent;

namespace Samepage.Server.Loop;

/// <summary>One thread for what may take a while, so that the loop never waits for it. Thread-safe.</summary>
public sealed class Worker : IDisposable
{
    /// <summary>Callers have one thing each under way at a time, so this is never full.</summary>
    private const int WaitingMax = 16;

    private readonly BlockingCollection<Action> _work = new(WaitingMax);
    private readonly Thread _thread;

    /// <summary>Starts it.</summary>
    /// <param name="name">The thread's name.</param>
    public Worker(string name)
    {
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Has something done after what was posted before.</summary>
    public void Post(Action work) => _work.Add(work);

    /// <summary>Waits for what is under way, for a while.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join(TimeSpan.FromSeconds(20));
    }

    private void Run()
    {
        foreach (var work in _work.GetConsumingEnumerable())
        {
            work();
        }
    }
}
