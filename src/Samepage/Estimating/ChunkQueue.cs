using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Targets;

namespace Samepage.Estimating;

/// <summary>
/// Hands out chunks to workers, target by target. The next target begins only when every chunk of the one before is
/// done, because the index tells "twice in this target" from "in two targets" by who saw a content last. Thread-safe.
/// </summary>
internal sealed class ChunkQueue(
    ProcFs proc, IReadOnlyList<TargetProcess> targets, IChunkVisitor visitor, bool useScan,
    CancellationToken cancel) : IDisposable
{
    /// <summary>Guards everything below; pulsed when the last chunk under way is done.</summary>
    private readonly object _gate = new();

    private ChunkWalker? _walker;
    private ScannedTarget? _target;
    private int _next;
    private int _underWay;
    private bool _isAbandoned;

    /// <summary>Notes on targets, by their place in the query; null where all went well. Read when the queue is empty.</summary>
    public string?[] Notes { get; } = new string?[targets.Count];

    /// <summary>The first reason why a target could not be looked at.</summary>
    public LinuxException? FirstFailure { get; private set; }

    /// <summary>How many targets could be opened.</summary>
    public int Opened { get; private set; }

    /// <summary>Fills a chunk with the next work.</summary>
    /// <returns>False when there is none left, or the look was cancelled.</returns>
    public bool TryTake(ScanChunk chunk)
    {
        lock (_gate)
        {
            while (!cancel.IsCancellationRequested && !_isAbandoned)
            {
                if (TryWalk(chunk))
                {
                    _underWay++;
                    return true;
                }

                if (_underWay > 0)
                {
                    // The target is walked to its end, but others still read its last chunks.
                    Monitor.Wait(_gate);
                    continue;
                }

                Dispose();
                if (!TryOpenNext())
                {
                    return false;
                }
            }
        }

        return false;
    }

    /// <summary>Tells that a chunk is done.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            if (--_underWay == 0)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Gives up the rest: a worker failed in a way that makes the counts worthless.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _isAbandoned = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Closes the target that is open. Called when no worker is at work.</summary>
    public void Dispose()
    {
        if (_target is { } target)
        {
            target.CheckStillSame();
            Notes[target.Number] = target.Note;
            target.Dispose();
        }

        _target = null;
        _walker = null;
    }

    private bool TryWalk(ScanChunk chunk)
    {
        try
        {
            return _walker is not null && _walker.TryNext(chunk);
        }
        catch (LinuxException error)
        {
            _target!.Note = error.Message;
            _walker = null;
            return false;
        }
    }

    private bool TryOpenNext()
    {
        while (_next < targets.Count)
        {
            var number = _next++;
            try
            {
                _target = new ScannedTarget(proc, targets[number], number, useScan);
                visitor.Begin(_target);
                _walker = new ChunkWalker(_target);
                Opened++;
                return true;
            }
            catch (LinuxException error)
            {
                FirstFailure ??= error;
                Notes[number] = error.IsGone ? "it ended before it was looked at" : error.Message;
            }
        }

        return false;
    }
}
