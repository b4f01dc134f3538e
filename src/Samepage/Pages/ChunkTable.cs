namespace Samepage.Pages;

/// <summary>
/// What is known of each 2 MiB window that was looked at: where it lies and how many of its pages are duplicate or
/// zero. A duplicate's first sighting is credited when the second comes along, so that the counts are exact after one
/// pass without a word of memory for each page. Not thread-safe.
/// </summary>
internal sealed class ChunkTable
{
    private const int BlockBits = 12;
    private readonly List<Chunk[]> _blocks = [];

    /// <summary>Chunks held.</summary>
    public int Count { get; private set; }

    /// <summary>A chunk by number. The reference stays valid.</summary>
    public ref Chunk this[int number] => ref _blocks[number >> BlockBits][number & ((1 << BlockBits) - 1)];

    /// <summary>Adds a chunk.</summary>
    /// <returns>Its number.</returns>
    public int Add(int target, ulong address, bool isHuge)
    {
        if (Count >> BlockBits == _blocks.Count)
        {
            _blocks.Add(new Chunk[1 << BlockBits]);
        }

        this[Count] = new Chunk { Address = address, Target = target, IsHuge = isHuge };
        return Count++;
    }

    /// <summary>One window of 512 pages.</summary>
    internal struct Chunk
    {
        public ulong Address;
        public int Target;
        public ushort Present;
        public ushort Duplicates;
        public ushort Zeros;
        public bool IsHuge;
    }
}
