using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Merging.User.Protocol;
using Samepage.Pages;

namespace Samepage.Merging.User.Keeping;

/// <summary>
/// Looks through segments that members offer, one at a time and in slices, so that nobody waits for another's. Every page
/// is fingerprinted here: what a member says of its segment is not asked. The pages are read, not mapped: a page that
/// could not be swapped in again would end a process that has it mapped.
/// </summary>
internal sealed unsafe class SegmentIntake : IDisposable
{
    /// <summary>Pages of an extent, as many as a huge page has.</summary>
    public const int ExtentPages = 512;

    private const int PageSize = AnonymousMemory.PageSize;
    private const int PagesAtOnce = 64;

    private readonly PageHasher _hasher;
    private readonly AnonymousMemory _pages = new((PagesAtOnce + 1) * PageSize, hugePages: false);
    private readonly ulong[] _fingerprints = new ulong[ProtocolLimits.SegmentPagesMax];
    private readonly bool[] _isExtent = new bool[ProtocolLimits.SegmentPagesMax / ExtentPages];
    private int _next;
    private bool _isUniform;

    /// <summary>For one domain's key.</summary>
    public SegmentIntake(PageHasher hasher) => _hasher = hasher;

    /// <summary>
    /// How many pages a file has that may be a segment: sealed, all there, of whole pages, neither empty nor too long; 0
    /// for any other.
    /// </summary>
    public static int PagesOf(int descriptor) =>
        SealedMemory.IsSealed(descriptor, out var bytes) && bytes % PageSize == 0
        && bytes / PageSize <= ProtocolLimits.SegmentPagesMax
            ? (int)(bytes / PageSize)
            : 0;

    /// <summary>Begins with another segment.</summary>
    public void Begin() => (_next, _isUniform) = (0, false);

    /// <summary>Goes on for up to an extent's length.</summary>
    /// <returns>True once all pages are done.</returns>
    /// <exception cref="LinuxException">A page cannot be read.</exception>
    public bool Step(int descriptor, int pages)
    {
        var end = Math.Min(pages, _next + ExtentPages);
        while (_next < end)
        {
            var count = Math.Min(PagesAtOnce, end - _next);
            FileHandle.ReadAt(descriptor, new Span<byte>(_pages.Data + PageSize, count * PageSize), (long)_next * PageSize);
            Take(count);
        }

        return _next == pages;
    }

    /// <summary>Enters all of it: an extent once, any other page by itself.</summary>
    public void Enter(DomainIndex index, int promoter, Segment segment)
    {
        for (var slot = 0; slot < segment.Pages;)
        {
            var isExtent = slot % ExtentPages == 0 && slot + ExtentPages <= segment.Pages && _isExtent[slot / ExtentPages];
            index.Enter(promoter, _fingerprints[slot], segment.Number, (uint)slot, isExtent);
            slot += isExtent ? ExtentPages : 1;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _pages.Dispose();

    /// <summary>
    /// Fingerprints what was read. The page before the first is kept in front of the buffer: a page equal to the one
    /// before it in all bytes has its fingerprint, and 512 such from an aligned one on are an extent.
    /// </summary>
    private void Take(int count)
    {
        // SAFETY: the buffer has room for the kept page and count others; _next stays below the table's length.
        for (var i = 1; i <= count; i++, _next++)
        {
            var page = new ReadOnlySpan<byte>(_pages.Data + i * PageSize, PageSize);
            var isSame = _next > 0 && page.SequenceEqual(new ReadOnlySpan<byte>(_pages.Data + (i - 1) * PageSize, PageSize));
            _fingerprints[_next] = isSame ? _fingerprints[_next - 1] : _hasher.Fingerprint(_pages.Data + i * PageSize);
            _isUniform = _next % ExtentPages == 0 || _isUniform && isSame;
            if (_next % ExtentPages == ExtentPages - 1)
            {
                _isExtent[_next / ExtentPages] = _isUniform;
            }
        }

        new ReadOnlySpan<byte>(_pages.Data + count * PageSize, PageSize).CopyTo(new Span<byte>(_pages.Data, PageSize));
    }
}
