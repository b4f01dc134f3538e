using Samepage.Linux;
using Samepage.Linux.Memory;

namespace Samepage.Merging.User.Engine;

/// <summary>A segment that this member holds open: its descriptor, a read-only mapping to compare with, and its use.</summary>
internal sealed unsafe class HeldSegment
{
    /// <summary>Its number at the keeper that is connected now.</summary>
    public required uint Number { get; set; }

    /// <summary>The sealed memory file.</summary>
    public required int Descriptor { get; init; }

    /// <summary>All of it, for reading.</summary>
    public required byte* Data { get; init; }

    /// <summary>Its length.</summary>
    public required uint Pages { get; init; }

    /// <summary>Pages of this member that are mapped from it.</summary>
    public long MappedPages { get; set; }

    /// <summary>Of these, pages that were written since, at the last look.</summary>
    public long BrokenPages { get; set; }

    /// <summary>Passes in a row at whose end nothing was mapped from it.</summary>
    public int IdlePasses { get; set; }

    /// <summary>Since when the keeper has wanted it emptied, on the engine's clock; null where it has not.</summary>
    public long? RetiringSince { get; set; }
}

/// <summary>
/// The segments that this member holds. Runs refer to them by a number of the shelf's own, which outlives keepers: a
/// restarted keeper gives new numbers. One thread: the engine's.
/// </summary>
internal sealed unsafe class Shelf
{
    private readonly Dictionary<uint, HeldSegment> _segments = [];
    private readonly Dictionary<uint, uint> _placeOfNumber = [];
    private uint _nextPlace = 1;

    /// <summary>Segments held, by place.</summary>
    public IReadOnlyDictionary<uint, HeldSegment> Segments => _segments;

    /// <summary>Whether there is a segment to be emptied.</summary>
    public bool AnyRetiring
    {
        get
        {
            foreach (var segment in _segments.Values)
            {
                if (segment is { RetiringSince: not null, MappedPages: > 0 })
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>The place of a segment that the keeper numbers so; 0 where it is not held.</summary>
    public uint PlaceOf(uint number) => _placeOfNumber.GetValueOrDefault(number);

    /// <summary>The segment at a place.</summary>
    public HeldSegment At(uint place) => _segments[place];

    /// <summary>
    /// Takes a descriptor in, after a look at whether it can never change again. The caller keeps it where that fails.
    /// </summary>
    /// <returns>The place, or 0 where it is not sealed, or there is no address space.</returns>
    public uint Add(uint number, int descriptor)
    {
        if (!SealedMemory.IsSealed(descriptor, out var bytes) || bytes == 0 || bytes % AnonymousMemory.PageSize != 0)
        {
            return 0;
        }

        var data = RawMemory.MapShared(descriptor, (ulong)bytes);
        if (data is null)
        {
            return 0;
        }

        _ = RawMemory.WithholdFromFork((ulong)data, (ulong)bytes);
        var place = _nextPlace++;
        _segments[place] = new HeldSegment
        {
            Number = number,
            Descriptor = descriptor,
            Data = data,
            Pages = (uint)(bytes / AnonymousMemory.PageSize),
        };
        _placeOfNumber[number] = place;
        return place;
    }

    /// <summary>A run is mapped no longer: replaced, or taken away by the program.</summary>
    public void NoteGone(MergedRun run)
    {
        var segment = _segments[run.Segment];
        segment.MappedPages -= run.Count;
        segment.BrokenPages -= run.Broken;
    }

    /// <summary>Lets a segment go that nothing of this member maps any more.</summary>
    public void Remove(uint place)
    {
        var segment = _segments[place];
        _ = _segments.Remove(place);
        if (_placeOfNumber.GetValueOrDefault(segment.Number) == place)
        {
            _ = _placeOfNumber.Remove(segment.Number);
        }

        _ = RawMemory.Unmap(segment.Data, (ulong)segment.Pages * AnonymousMemory.PageSize);
        FileHandle.Close(segment.Descriptor);
    }

    /// <summary>Forgets the numbers of a keeper that is gone.</summary>
    public void ForgetNumbers() => _placeOfNumber.Clear();

    /// <summary>Notes the number that a new keeper gave.</summary>
    public void Renumber(uint place, uint number)
    {
        _segments[place].Number = number;
        _segments[place].RetiringSince = null;
        _placeOfNumber[number] = place;
    }
}
