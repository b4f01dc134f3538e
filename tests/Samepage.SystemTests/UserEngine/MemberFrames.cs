namespace Samepage.SystemTests.UserEngine;

/// <summary>The frames behind a process's pages, by number: what is shared, physically.</summary>
internal static class MemberFrames
{
    private const int PageSize = 4096;
    private const int ZeroPageFlag = 24;

    /// <summary>Frame numbers page by page; 0 where none is present, or only the kernel's zero page, which all the world shares.</summary>
    public static ulong[] Of(int pid, ulong address, int pages)
    {
        using var pagemap = File.OpenRead($"/proc/{pid}/pagemap");
        var bytes = new byte[pages * sizeof(ulong)];
        pagemap.Position = (long)(address / PageSize * sizeof(ulong));
        pagemap.ReadExactly(bytes);
        using var flags = File.OpenRead("/proc/kpageflags");
        var frames = new ulong[pages];
        for (var i = 0; i < pages; i++)
        {
            var entry = BitConverter.ToUInt64(bytes, i * sizeof(ulong));
            var frame = entry >> 63 == 1 ? entry & ((1UL << 55) - 1) : 0;
            frames[i] = IsZeroPage(flags, frame) ? 0 : frame;
        }

        Assert.Contains(frames, frame => frame != 0);
        return frames;
    }

    private static bool IsZeroPage(FileStream flags, ulong frame)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        flags.Position = (long)(frame * sizeof(ulong));
        flags.ReadExactly(word);
        return (BitConverter.ToUInt64(word) >> ZeroPageFlag & 1) != 0;
    }
}
