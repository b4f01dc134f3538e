using System.Globalization;

namespace Samepage.SystemTests.Estimating;

/// <summary>
/// Counts pages the plain way, to hold the estimator against: it keeps every page whole and compares bytes, reads
/// memory through /proc/PID/mem, tells frames apart by number and asks /proc/kpageflags what they are. It has no code in
/// common with the product.
/// </summary>
internal sealed class BruteForceReference
{
    private const int PageSize = 4096;
    private const ulong KsmFlag = 1UL << 21;
    private const ulong ZeroPageFlag = 1UL << 24;
    private readonly Dictionary<byte[], HashSet<ulong>> _framesByContent = new(new ContentComparer());
    private readonly HashSet<ulong> _frames = [];

    public long Present { get; private set; }

    public long AlreadyShared { get; private set; }

    /// <summary>Of these, pages on a frame of ksmd's.</summary>
    public long AlreadySharedByKsm { get; private set; }

    public long KsmMerged { get; private set; }

    public long Swapped { get; private set; }

    public long Zero => _framesByContent.TryGetValue(new byte[PageSize], out var frames) ? frames.Count : 0;

    public long Distinct => _framesByContent.Count;

    public long Savable => _framesByContent.Where(c => c.Key.AsSpan().ContainsAnyExcept((byte)0)).Sum(c => c.Value.Count - 1);

    public long SharedContents =>
        _framesByContent.Count(c => c.Value.Count > 1 && c.Key.AsSpan().ContainsAnyExcept((byte)0));

    /// <summary>What they take of the machine's memory.</summary>
    public long Frames => Present - AlreadyShared;

    /// <summary>All of it, to be compared at once.</summary>
    public (long Present, long Zero, long Distinct, long Savable, long AlreadyShared, long KsmMerged, long Swapped, long SharedContents) Counts =>
        (Present, Zero, Distinct, Savable, AlreadyShared, KsmMerged, Swapped, SharedContents);

    /// <summary>Looks at processes that do not change in the meantime.</summary>
    public static BruteForceReference Of(params IEnumerable<int> pids)
    {
        var reference = new BruteForceReference();
        foreach (var pid in pids)
        {
            reference.Add(pid);
        }

        return reference;
    }

    private void Add(int pid)
    {
        using var pagemap = File.OpenRead($"/proc/{pid}/pagemap");
        using var memory = File.OpenRead($"/proc/{pid}/mem");
        using var flags = File.OpenRead("/proc/kpageflags");
        foreach (var (start, end) in MergeableMappings(pid))
        {
            foreach (var (address, entry) in PresentEntries(pagemap, start, end))
            {
                AddPage(memory, flags, address, entry);
            }
        }
    }

    /// <summary>Entries that are not empty. Sparse mappings of terabytes are walked in their touched parts only.</summary>
    private static IEnumerable<(ulong Address, ulong Entry)> PresentEntries(FileStream pagemap, ulong start, ulong end)
    {
        // The one sparse layout touches a page every 40 GiB; walking 4 TiB of entries would take minutes.
        var step = end - start > 1UL << 40 ? 40UL << 30 : PageSize;
        var buffer = new byte[8 * 512];
        for (var address = start; address < end;)
        {
            var count = step == PageSize ? (int)Math.Min((end - address) / PageSize, 512) : 1;
            pagemap.Position = (long)(address / PageSize * 8);
            pagemap.ReadExactly(buffer, 0, count * 8);
            for (var i = 0; i < count; i++)
            {
                var entry = BitConverter.ToUInt64(buffer, i * 8);
                if (entry >> 62 != 0)
                {
                    yield return (address + (ulong)i * PageSize, entry);
                }
            }

            address += step == PageSize ? (ulong)count * PageSize : step;
        }
    }

    private void AddPage(FileStream memory, FileStream flags, ulong address, ulong entry)
    {
        var isPresent = entry >> 63 == 1;
        var isFile = (entry >> 61 & 1) == 1;
        if (!isPresent)
        {
            // Guard regions wear the swap bit too, with bit 58 to tell them.
            Swapped += (entry >> 62 & 1) == 1 && !isFile && (entry >> 58 & 1) == 0 ? 1 : 0;
            return;
        }

        if (isFile)
        {
            return;
        }

        var frame = entry & ((1UL << 55) - 1);
        var kind = FlagsOf(flags, frame);
        Present++;
        KsmMerged += (kind & KsmFlag) != 0 ? 1 : 0;

        // All zero pages of the kernel, small or huge, are one frame as far as saving is concerned.
        frame = (kind & ZeroPageFlag) != 0 ? 0 : frame;
        if (!_frames.Add(frame))
        {
            AlreadyShared++;
            AlreadySharedByKsm += (kind & KsmFlag) != 0 ? 1 : 0;
            return;
        }

        var content = new byte[PageSize];
        memory.Position = (long)address;
        memory.ReadExactly(content);
        (_framesByContent.TryGetValue(content, out var known) ? known : _framesByContent[content] = []).Add(frame);
    }

    private static ulong FlagsOf(FileStream flags, ulong frame)
    {
        var buffer = new byte[8];
        flags.Position = (long)(frame * 8);
        flags.ReadExactly(buffer);
        return BitConverter.ToUInt64(buffer);
    }

    /// <summary>Private mappings that are not special: by the words of smaps, read with plain string operations.</summary>
    private static IEnumerable<(ulong Start, ulong End)> MergeableMappings(int pid)
    {
        (ulong, ulong)? current = null;
        foreach (var line in File.ReadLines($"/proc/{pid}/smaps"))
        {
            if (line.StartsWith("VmFlags:", StringComparison.Ordinal) && current is { } mapping)
            {
                var words = line[8..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (!words.Intersect(["ms", "ht", "io", "pf", "mm", "de", "dp"]).Any() && mapping.Item1 < 1UL << 47)
                {
                    yield return mapping;
                }
            }
            else if (char.IsAsciiHexDigitLower(line[0]) && line.Split(' ')[0].Split('-') is [var start, var end])
            {
                current = (ulong.Parse(start, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                    ulong.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            }
        }
    }

    private sealed class ContentComparer : IEqualityComparer<byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] page)
        {
            var hash = new HashCode();
            hash.AddBytes(page.AsSpan(0, 64));
            hash.AddBytes(page.AsSpan(PageSize - 64));
            return hash.ToHashCode();
        }
    }
}
