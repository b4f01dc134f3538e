namespace Samepage.SystemTests.UserEngine;

/// <summary>The frames behind a process's pages, by number: what is shared, physically.</summary>
internal static class MemberFrames
{
    private const int PageSize = 4096;

    /// <summary>Frame numbers page by page; 0 where none is present.</summary>
    public static ulong[] Of(int pid, ulong address, int pages)
    {
        using var pagemap = File.OpenRead($"/proc/{pid}/pagemap");
        var bytes = new byte[pages * sizeof(ulong)];
        pagemap.Position = (long)(address / PageSize * sizeof(ulong));
        pagemap.ReadExactly(bytes);
        var frames = new ulong[pages];
        for (var i = 0; i < pages; i++)
        {
            var entry = BitConverter.ToUInt64(bytes, i * sizeof(ulong));
            frames[i] = entry >> 63 == 1 ? entry & ((1UL << 55) - 1) : 0;
        }

        Assert.Contains(frames, frame => frame != 0);
        return frames;
    }
}
