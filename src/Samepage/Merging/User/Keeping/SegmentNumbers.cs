namespace Samepage.Merging.User.Keeping;

/// <summary>
/// Numbers of segments: an index and, above it, how often that was given out before. An entry of the index that names a
/// number of old is void, so that no entry has to be looked for when a segment goes.
/// </summary>
internal sealed class SegmentNumbers
{
    /// <summary>Segments at one time.</summary>
    public const int IndexMax = 1 << 18;

    private const int IndexBits = 18;
    private const uint GenerationMask = (1u << (30 - IndexBits)) - 1;

    private readonly Queue<uint> _free = new();
    private uint[] _current = new uint[64];
    private int[] _entries = new int[64];
    private int _used;

    /// <summary>Entries of withdrawn segments that still stand in the index.</summary>
    public long DeadEntries { get; private set; }

    /// <summary>Entries that name a segment in use.</summary>
    public long LivingEntries { get; private set; }

    /// <summary>A number, never 0; null where none is left.</summary>
    public uint? Take()
    {
        uint number;
        if (_used < IndexMax && (_free.Count < 64 || _used < 64))
        {
            // Generation 1, so that no number is 0, and old ones rest for a while before they come back.
            number = 1u << IndexBits | (uint)_used++;
            if (_used > _current.Length)
            {
                Array.Resize(ref _current, _current.Length * 2);
                Array.Resize(ref _entries, _entries.Length * 2);
            }
        }
        else if (!_free.TryDequeue(out number))
        {
            return null;
        }

        _current[IndexOf(number)] = number;
        return number;
    }

    /// <summary>Whether entries that name it are to be believed.</summary>
    public bool IsCurrent(uint number) => IndexOf(number) is var index && index < _used && _current[index] == number;

    /// <summary>Makes all entries void that name it.</summary>
    public void Withdraw(uint number)
    {
        if (IsCurrent(number))
        {
            var index = IndexOf(number);
            _current[index] = 0;
            DeadEntries += _entries[index];
            LivingEntries -= _entries[index];
            _entries[index] = 0;
        }
    }

    /// <summary>Withdraws it, and lets its index be used again under another number.</summary>
    public void Return(uint number)
    {
        Withdraw(number);
        var generation = (number >> IndexBits) + 1 & GenerationMask;
        _free.Enqueue((generation == 0 ? 1 : generation) << IndexBits | (uint)IndexOf(number));
    }

    /// <summary>An entry names it.</summary>
    public void Charge(uint number)
    {
        _entries[IndexOf(number)]++;
        LivingEntries++;
    }

    /// <summary>An entry that named it is gone.</summary>
    public void Release(uint number)
    {
        if (IsCurrent(number))
        {
            _entries[IndexOf(number)]--;
            LivingEntries--;
        }
        else
        {
            DeadEntries--;
        }
    }

    private static int IndexOf(uint number) => (int)(number & (IndexMax - 1));
}
