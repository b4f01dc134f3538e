using Samepage.Linux.Memory;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Mappings that stand for nothing, so that there are some to give up once the program has used up all that the kernel
/// allows it (vm.max_map_count): without any, the engine's own heap could not grow by a page, and it could not even put
/// right what it had begun. One thread: the engine's.
/// </summary>
internal sealed unsafe class SpareMappings : IDisposable
{
    private const int Count = 64;
    private const ulong Bytes = Count * MemberRegion.PageBytes;
    private const int PauseMilliseconds = 10_000;
    private byte* _memory;
    private long _givenUpAt;

    /// <summary>Takes them where there are none, and it is not just now that they were given up.</summary>
    public void Take()
    {
        if (_memory is not null || (_givenUpAt != 0 && LookSchedule.Now - _givenUpAt < PauseMilliseconds))
        {
            return;
        }

        _memory = RawMemory.MapAnonymous(Bytes, noReserve: true);
        for (ulong page = 1; _memory is not null && page < Count; page += 2)
        {
            // Every other page differs from its neighbours, so that the kernel keeps them apart.
            _ = RawMemory.ForbidHugePages((ulong)_memory + page * MemberRegion.PageBytes, MemberRegion.PageBytes);
        }
    }

    /// <summary>Gives them up.</summary>
    public void GiveUp()
    {
        _givenUpAt = LookSchedule.Now;
        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_memory is not null)
        {
            _ = RawMemory.Unmap(_memory, Bytes);
            _memory = null;
        }
    }
}
