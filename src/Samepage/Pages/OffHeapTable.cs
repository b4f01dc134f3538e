using Samepage.Linux.Memory;

namespace Samepage.Pages;

/// <summary>An entry of an <see cref="OffHeapTable{TEntry}"/>.</summary>
internal interface IKeyedEntry
{
    /// <summary>What it is found by; 0 where the entry is empty.</summary>
    ulong Key { get; }
}

/// <summary>
/// A small hash table outside the managed heap: open addressing, linear probing, doubling at three quarters. For keys
/// in any order; the large index of contents has a table of its own making. Not thread-safe.
/// </summary>
internal sealed unsafe class OffHeapTable<TEntry> : IDisposable
    where TEntry : unmanaged, IKeyedEntry
{
    private const int InitialCapacity = 1 << 12;

    private AnonymousMemory _memory = new(InitialCapacity * sizeof(TEntry), hugePages: false);
    private long _mask = InitialCapacity - 1;
    private long _count;

    /// <summary>
    /// The entry of a key, or the empty one where it belongs; the caller fills an empty one and then calls
    /// <see cref="NoteAdded"/>. The reference holds until the next call of that.
    /// </summary>
    public ref TEntry Find(ulong key)
    {
        // SAFETY: the index is masked to the table, which always has an empty entry.
        var table = (TEntry*)_memory.Data;
        var index = (long)(key * 0x9E37_79B9_7F4A_7C15 >> 20) & _mask;
        while (table[index].Key != 0 && table[index].Key != key)
        {
            index = index + 1 & _mask;
        }

        return ref table[index];
    }

    /// <summary>Tells that an empty entry was filled.</summary>
    public void NoteAdded()
    {
        if (++_count > _mask / 4 * 3)
        {
            Grow();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private void Grow()
    {
        using var old = _memory;
        var oldMask = _mask;
        _mask = _mask * 2 + 1;
        _memory = new AnonymousMemory((_mask + 1) * sizeof(TEntry), hugePages: true);
        var source = (TEntry*)old.Data;
        for (long i = 0; i <= oldMask; i++)
        {
            if (source[i].Key != 0)
            {
                Find(source[i].Key) = source[i];
            }
        }
    }
}
