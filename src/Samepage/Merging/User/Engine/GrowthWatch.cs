using Samepage.Linux;
using Samepage.Linux.Memory;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Notices that the program has taken memory: what is new is where the profit is. Anonymous memory counts, which a
/// write to a merged page takes, too.
/// </summary>
internal sealed class GrowthWatch
{
    private const long GrowthBytes = 4L << 20;
    private long _from;

    /// <summary>Whether memory has grown by more than a little since it was last noticed.</summary>
    public bool IsNoticed()
    {
        var now = AnonymousBytes();
        var isGrown = now > _from + GrowthBytes;
        _from = isGrown || now < _from ? now : _from;
        return isGrown;
    }

    private static long AnonymousBytes()
    {
        var fields = KernelFile.TryReadText("/proc/self/statm")?.Split(' ');
        return fields is [_, var resident, var shared, ..] && long.TryParse(resident, out var pages) && long.TryParse(shared, out var files)
            ? (pages - files) * AnonymousMemory.PageSize
            : 0;
    }
}
