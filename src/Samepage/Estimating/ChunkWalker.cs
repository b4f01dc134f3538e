using Samepage.Linux.Memory;
using Samepage.Linux.Proc;

namespace Samepage.Estimating;

/// <summary>
/// Walks the present pages of one target in ascending order, window by window. It asks the kernel for runs of present
/// pages, so that its cost follows what is present and not what is mapped: a reservation of terabytes costs nothing. (Kernels before 6.7 cannot tell: there every entry is read.)
/// Not thread-safe.
/// </summary>
internal sealed class ChunkWalker(ScannedTarget target)
{
    private readonly PresentRun[] _runs = new PresentRun[256];
    private readonly PageMapEntry[] _entries = new PageMapEntry[ScanChunk.PageCount];
    private int _region = -1;
    private ulong _cursor;
    private int _next;
    private int _found;

    /// <summary>Fills a chunk with the next window that holds a present page.</summary>
    /// <returns>False at the end.</returns>
    public bool TryNext(ScanChunk chunk)
    {
        if (!TryPeek(out var run))
        {
            return false;
        }

        var region = target.Regions[_region];
        var address = run.Start / ScanChunk.Bytes * ScanChunk.Bytes;
        chunk.Reset(target, address, region.IsReadable, region.MergedBytes is null or > 0);
        var end = address + ScanChunk.Bytes;
        var current = _region;
        while (TryPeek(out run) && _region == current && run.Start < end)
        {
            var stop = Math.Min(run.End, end);
            chunk.Add(run, run.Start, stop);
            Consume(run, stop);
        }

        return true;
    }

    /// <summary>The run that comes next, without taking it.</summary>
    private bool TryPeek(out PresentRun run)
    {
        while (_next == _found)
        {
            if (_region < 0 || _region < target.Regions.Count && _cursor >= target.Regions[_region].End)
            {
                _region++;
                _cursor = _region < target.Regions.Count ? target.Regions[_region].Start : 0;
            }

            if (_region == target.Regions.Count)
            {
                run = default;
                return false;
            }

            _next = 0;
            _found = target.PageMap.SupportsScan
                ? target.PageMap.Scan(ref _cursor, target.Regions[_region].End, _runs)
                : ScanByReading(target.Regions[_region]);
        }

        run = _runs[_next];
        return true;
    }

    private void Consume(PresentRun run, ulong stop)
    {
        if (stop == run.End)
        {
            _next++;
        }
        else
        {
            _runs[_next] = run with { Start = stop };
        }
    }

    /// <summary>For kernels without PAGEMAP_SCAN: reads the next entries and makes runs of them.</summary>
    private int ScanByReading(MemoryRegion region)
    {
        var wanted = (int)Math.Min((region.End - _cursor) / AnonymousMemory.PageSize, (ulong)_runs.Length);
        var got = target.PageMap.Read(_cursor, _entries.AsSpan(0, wanted));
        var runs = 0;
        for (var i = 0; i < got; i++)
        {
            if (!_entries[i].IsPresent)
            {
                continue;
            }

            var start = _cursor + (ulong)i * AnonymousMemory.PageSize;
            var extends = runs > 0 && _runs[runs - 1].End == start;
            _runs[extends ? runs - 1 : runs++] = new PresentRun(
                extends ? _runs[runs - 1].Start : start, start + AnonymousMemory.PageSize, false, false);
        }

        _cursor = got == wanted ? _cursor + (ulong)wanted * AnonymousMemory.PageSize : region.End;
        return runs;
    }
}
