using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;
using Samepage.Pages;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Looks at the pages of a chunk: which are there, and what their fingerprints are. The bytes are copied by the kernel
/// (a write into a scratch file), so that memory which the program takes away meanwhile shortens the copy instead of
/// ending the process, nothing is pinned, and pages shared with a forked child stay shared. One thread: the engine's.
/// </summary>
internal sealed unsafe class PageLooker : IDisposable
{
    private const int Pages = MemberRegion.ChunkPages;
    private const int CopyPages = Protocol.ProtocolLimits.ScratchBytes / (int)MemberRegion.PageBytes;
    private const int RunsMax = 64;
    private readonly PageMap _pageMap = new(new ProcFs(), Environment.ProcessId);
    private readonly PageHasher _hasher;
    private readonly int _scratch;
    private readonly byte* _copy;
    private readonly PresentRun[] _runs = new PresentRun[RunsMax];

    /// <summary>Maps the scratch file.</summary>
    /// <param name="hasher">With the domain's key.</param>
    /// <param name="scratch">One that the keeper has lent, with large folios, from now on this object's; -1: none.</param>
    /// <exception cref="LinuxException">No descriptor or memory is left for it.</exception>
    public PageLooker(PageHasher hasher, int scratch)
    {
        _hasher = hasher;
        _scratch = scratch >= 0 ? scratch : SealedMemory.Create("samepage-scratch");
        var zeros = stackalloc byte[1];
        _ = FileHandle.WriteFrom(_scratch, (ulong)zeros, 1, CopyPages * MemberRegion.PageBytes - 1);
        _copy = RawMemory.MapWritable(_scratch, CopyPages * MemberRegion.PageBytes);
        if (_copy is null)
        {
            throw new LinuxException("mmap", Errno.ENOMEM, "scratch file");
        }
    }

    /// <summary>The fingerprint of a page of zeros.</summary>
    public ulong ZeroFingerprint => _hasher.ZeroFingerprint;

    /// <summary>The fingerprint of a page of the engine's own mappings.</summary>
    public ulong Fingerprint(byte* page) => NeverZero(_hasher.Fingerprint(page));

    /// <summary>Fingerprints that were taken, in all.</summary>
    public ulong ScannedPagesTotal { get; private set; }

    /// <summary>
    /// Takes the fingerprints of the chunk's own pages: anonymous ones, and those of merged runs that were written since.
    /// </summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="fresh">Filled in by place: 0 where there is no such page.</param>
    /// <returns>Pages found.</returns>
    public int Look(Chunk chunk, Span<ulong> fresh)
    {
        fresh.Clear();
        var found = 0;
        var cursor = chunk.Start;
        while (cursor < chunk.End)
        {
            var count = _pageMap.ScanOwn(ref cursor, chunk.End, _runs);
            for (var i = 0; i < count; i++)
            {
                found += Fingerprint(chunk, _runs[i], fresh);
            }
        }

        return found;
    }

    /// <summary>
    /// Whether the pages of a sample still have the fingerprints known of them, and none has come or gone. One page in
    /// <paramref name="stride"/> is read.
    /// </summary>
    public bool IsUnchanged(Chunk chunk, ReadOnlySpan<ulong> known, int stride, int phase)
    {
        var present = 0;
        var cursor = chunk.Start;
        while (cursor < chunk.End)
        {
            var count = _pageMap.ScanOwn(ref cursor, chunk.End, _runs);
            for (var i = 0; i < count; i++)
            {
                var first = chunk.PageOf(_runs[i].Start);
                var end = chunk.PageOf(_runs[i].End);
                present += end - first;
                for (var page = first + (phase - first % stride + stride) % stride; page < end; page += stride)
                {
                    if (FingerprintOne(chunk, page) != known[page])
                    {
                        return false;
                    }
                }
            }
        }

        return present == chunk.KnownPages;
    }

    /// <summary>The fingerprint of one page; 0 where it cannot be read.</summary>
    private ulong FingerprintOne(Chunk chunk, int page)
    {
        ScannedPagesTotal++;
        var address = chunk.AddressOf(page);
        return FileHandle.WriteFrom(_scratch, address, MemberRegion.PageBytes, 0) == (long)MemberRegion.PageBytes
            ? NeverZero(_hasher.Fingerprint(_copy))
            : 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pageMap.Dispose();
        _hasher.Dispose();
        _ = RawMemory.Unmap(_copy, CopyPages * MemberRegion.PageBytes);
        FileHandle.Close(_scratch);
    }

    private int Fingerprint(Chunk chunk, PresentRun run, Span<ulong> fresh)
    {
        var found = 0;
        for (var address = run.Start; address < run.End; address += CopyPages * MemberRegion.PageBytes)
        {
            var bytes = Math.Min(run.End - address, CopyPages * MemberRegion.PageBytes);
            var copied = (int)(FileHandle.WriteFrom(_scratch, address, bytes, 0) / (long)MemberRegion.PageBytes);
            var target = fresh.Slice(chunk.PageOf(address), copied);
            // SAFETY: the scratch file's mapping holds the pages that were just copied.
            _hasher.Fingerprint(_copy, target);
            foreach (ref var fingerprint in target)
            {
                fingerprint = NeverZero(fingerprint);
            }

            found += copied;
            ScannedPagesTotal += (ulong)copied;
            if (copied * (long)MemberRegion.PageBytes < (long)bytes)
            {
                break;
            }
        }

        return found;
    }

    /// <summary>0 stands for "nothing known".</summary>
    private static ulong NeverZero(ulong fingerprint) => fingerprint == 0 ? 1 : fingerprint;
}
