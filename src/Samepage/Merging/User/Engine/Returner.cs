using System.Runtime.InteropServices;
using Samepage.Linux.Memory;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Makes merged memory the program's own again, on request: all of a range and soon, unless I/O may be under way in it.
/// One thread: the engine's.
/// </summary>
internal sealed class Returner(RemapWindow window, RegionCatalog catalog, RunLedger ledger, DirectFiles direct, EngineCounters counters)
{
    private const int Tries = 20;
    private const int PatienceMilliseconds = 3_000;
    private const int TriesWithoutProgress = 2;

    private readonly List<RunPiece> _pieces = [];
    private readonly bool[] _replaced = new bool[WriteHold.PagesMax];

    /// <summary>Bytes that would be needed to make a range private.</summary>
    public long MergedBytes(ulong start, ulong end)
    {
        Collect(start, end);
        long pages = 0;
        foreach (var piece in _pieces)
        {
            pages += piece.Run.Count - piece.Run.Broken;
        }

        return pages * AnonymousMemory.PageSize;
    }

    /// <summary>
    /// Returns everything in a range. Runs in which I/O is under way are waited for, a while; where it may be under way
    /// and cannot be seen, nothing is replaced.
    /// </summary>
    public void ReturnAll(ulong start, ulong end)
    {
        direct.Look();
        var deadline = LookSchedule.Now + PatienceMilliseconds;
        for (var tries = 0; tries < Tries && LookSchedule.Now < deadline && !direct.AreOpen; tries++)
        {
            var before = _pieces.Count;
            Collect(start, end);
            if (_pieces.Count == 0)
            {
                return;
            }

            // No progress: the process has no mapping or no memory left, and more tries would not help.
            if (tries > TriesWithoutProgress && _pieces.Count >= before)
            {
                break;
            }

            // Runs that nobody has written since need no test for pins, and no fork: they go first, among themselves.
            _pieces.Sort((left, right) => Math.Sign(left.Run.Broken).CompareTo(Math.Sign(right.Run.Broken)));
            for (var first = 0; first < _pieces.Count && LookSchedule.Now < deadline;)
            {
                first += Return(first);
            }

            if (tries > 0)
            {
                Thread.Sleep(tries);
            }
        }

        // Pinned for longer than we want to wait, or perhaps: private at least, though still on a mapping of the segment.
        Collect(start, end);
        foreach (var piece in _pieces)
        {
            _ = RawMemory.PopulateForWriting(piece.Address, piece.Bytes);
        }
    }

    private void Collect(ulong start, ulong end)
    {
        _pieces.Clear();
        foreach (var chunk in catalog.Chunks)
        {
            foreach (var run in (ReadOnlySpan<MergedRun>)CollectionsMarshal.AsSpan(chunk.Runs))
            {
                var piece = new RunPiece(chunk, run, run);
                if (piece.Address < end && piece.Address + piece.Bytes > start)
                {
                    _pieces.Add(piece);
                }
            }
        }
    }

    /// <summary>Returns as many pieces from the list as one window takes. Gives their number.</summary>
    private int Return(int first)
    {
        int count = 0, pages = 0;
        while (first + count < _pieces.Count && count < WriteHold.PiecesMax && pages + _pieces[first + count].Pages <= WriteHold.PagesMax)
        {
            pages += _pieces[first + count++].Pages;
        }

        var pieces = CollectionsMarshal.AsSpan(_pieces).Slice(first, count);
        if (direct.AreOpen || !window.Replace(pieces, _replaced.AsSpan(0, pages), TimeSpan.MaxValue / 2))
        {
            return _pieces.Count;
        }

        var offset = 0;
        foreach (ref readonly var piece in pieces)
        {
            if (ledger.Settle(piece, _replaced.AsSpan(offset, piece.Pages)) > 0)
            {
                counters.Now.ReturnedPagesTotal += (ulong)piece.Run.Broken;
            }

            offset += piece.Pages;
        }

        return count;
    }
}
