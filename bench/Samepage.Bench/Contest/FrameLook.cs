using System.Globalization;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;
using Samepage.Pages;
using Samepage.Scenarios.Guests;

namespace Samepage.Bench.Contest;

/// <summary>
/// What guests' memory takes and what it would have to take at the least, whoever merged it: every page is read and
/// fingerprinted, and the page tables say which frame stands behind it. Nothing that an engine says of itself is used.
/// </summary>
/// <remarks>
/// A page counts from when a frame of its own stood behind it before merging, or it holds data: merging can only take
/// frames away, so such a page without a frame is one of zeros that was given back. Looking is done without pinning, so
/// that what is merged stays so.
/// </remarks>
internal sealed unsafe class FrameLook : IDisposable
{
    private const int WindowPages = 512;
    private const ulong PageSize = AnonymousMemory.PageSize;
    private readonly PageHasher _hasher = new();
    private readonly AnonymousMemory _buffer = new(WindowPages * (long)PageSize, hugePages: false);

    /// <summary>The guests' memory as it was laid out before merging, and which of its pages had frames.</summary>
    private readonly List<(int Pid, ulong Start, ulong End, bool[] Held)> _memory = [];

    /// <summary>Finds the guests' memory; nothing of it is merged yet.</summary>
    public FrameLook(IEnumerable<int> pids)
    {
        foreach (var pid in pids)
        {
            foreach (var (start, end) in GuestMemory.Mappings(new ProcFs(), pid))
            {
                _memory.Add((pid, start, end, new bool[(end - start) / PageSize]));
            }
        }
    }

    /// <summary>Looks at all of it now.</summary>
    /// <param name="segmentPages">Frames of the user engine's segments, of which some may be mapped by nobody.</param>
    public FrameCount Count(long segmentPages = 0)
    {
        var tally = new Tally(_hasher.ZeroFingerprint);
        foreach (var (pid, start, end, held) in _memory)
        {
            using var table = new PageMap(new ProcFs(), pid);
            using var memory = new ProcessMemory(new ProcFs(), pid);
            var isFile = FilePages(pid, start, end);
            for (var address = start; address < end; address += WindowPages * PageSize)
            {
                var first = (int)((address - start) / PageSize);
                var length = Math.Min(WindowPages, held.Length - first);
                Window(table, memory, address, isFile.AsSpan(first, length), held.AsSpan(first, length), tally);
            }
        }

        return tally.Result(segmentPages);
    }

    public void Dispose()
    {
        _hasher.Dispose();
        _buffer.Dispose();
    }

    private void Window(PageMap table, ProcessMemory memory, ulong address, ReadOnlySpan<bool> isFile, Span<bool> held, Tally tally)
    {
        Span<PageMapEntry> entries = stackalloc PageMapEntry[held.Length];
        Span<ulong> fingerprints = stackalloc ulong[held.Length];
        _ = table.Read(address, entries);
        for (var at = 0; at < held.Length;)
        {
            // A page of a segment that nobody touched since it was mapped has no entry yet, but stands for data.
            var end = at;
            while (end < held.Length && (entries[end].IsPresent || isFile[end]))
            {
                end++;
            }

            if (end > at)
            {
                Read(memory, address + ((ulong)at * PageSize), fingerprints[at..end]);
            }

            at = end + 1;
        }

        // Once more, as reading may have brought entries.
        Span<PageMapEntry> after = stackalloc PageMapEntry[held.Length];
        _ = table.Read(address, after);
        for (var at = 0; at < held.Length; at++)
        {
            var isThere = entries[at].IsPresent || isFile[at];
            tally.Add(after[at], isThere ? fingerprints[at] : null, entries[at].IsExclusive && !isFile[at], ref held[at]);
        }
    }

    private void Read(ProcessMemory memory, ulong address, Span<ulong> fingerprints)
    {
        var bytes = (ulong)fingerprints.Length * PageSize;
        if (memory.ReadGently(new PageRange(address, bytes), _buffer.Data) != (long)bytes)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"a guest's memory at {address:x} cannot be read"));
        }

        // SAFETY: the buffer holds a whole window, and as many pages as there is room for fingerprints were just read.
        _hasher.Fingerprint(_buffer.Data, fingerprints);
    }

    /// <summary>Which pages of a range belong to a file by now: what the user engine has merged.</summary>
    private static bool[] FilePages(int pid, ulong start, ulong end)
    {
        var pages = new bool[(end - start) / PageSize];
        foreach (var line in MapsLine.Read(new ProcFs(), pid).Where(line => line.HasFile && line.Start < end && line.End > start))
        {
            pages.AsSpan()[(int)((Math.Max(line.Start, start) - start) / PageSize)..(int)((Math.Min(line.End, end) - start) / PageSize)].Fill(true);
        }

        return pages;
    }

    /// <summary>Frames and contents, counted.</summary>
    private sealed class Tally(ulong zeroFingerprint)
    {
        private readonly HashSet<ulong> _frames = [], _dataFrames = [], _fileFrames = [], _contents = [];
        private long _pages, _zeroPages;

        public void Add(PageMapEntry entry, ulong? fingerprint, bool isOwn, ref bool held)
        {
            var isData = fingerprint is { } known && known != zeroFingerprint;
            held |= isOwn || isData;
            if (!held)
            {
                return;
            }

            _pages++;
            _zeroPages += isData ? 0 : 1;
            if (isData)
            {
                _contents.Add(fingerprint!.Value);
                _dataFrames.Add(entry.FrameNumber);
            }

            if (entry.IsPresent)
            {
                _frames.Add(entry.FrameNumber);
            }

            if (entry is { IsPresent: true, IsFileOrShared: true })
            {
                _fileFrames.Add(entry.FrameNumber);
            }
        }

        public FrameCount Result(long segmentPages) => new(
            _pages, _zeroPages, _contents.Count, _frames.Count, _dataFrames.Count, Math.Max(0, segmentPages - _fileFrames.Count));
    }
}

/// <summary>Guests' memory at one moment, in pages of 4096 bytes.</summary>
/// <param name="Pages">Pages that hold data, or had a frame of their own before merging.</param>
/// <param name="ZeroPages">Of those, pages of zeros.</param>
/// <param name="Contents">Different contents but that of zeros.</param>
/// <param name="Frames">Frames behind the pages.</param>
/// <param name="DataFrames">Frames behind pages that are not zeros.</param>
/// <param name="IdleFrames">Frames that the user engine holds and nobody maps.</param>
internal sealed record FrameCount(long Pages, long ZeroPages, long Contents, long Frames, long DataFrames, long IdleFrames)
{
    /// <summary>What perfect merging would save: one frame for each content, and one for all zeros.</summary>
    public long OraclePages => Pages - Contents - Math.Min(1, ZeroPages);

    /// <summary>What is saved.</summary>
    public long SavedPages => Pages - Frames - IdleFrames;

    /// <summary>The same without pages of zeros.</summary>
    public long DataOraclePages => Pages - ZeroPages - Contents;

    public long DataSavedPages => Pages - ZeroPages - DataFrames - IdleFrames;

    public double Share => OraclePages == 0 ? 0 : (double)SavedPages / OraclePages;

    public double DataShare => DataOraclePages == 0 ? 0 : (double)DataSavedPages / DataOraclePages;
}
