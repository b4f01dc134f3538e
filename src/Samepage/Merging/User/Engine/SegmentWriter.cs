using Samepage.Guarding;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Writes contents that several pages hold into new segments, in the order of their addresses, so that the runs mapped
/// from them come out long. What is written may have changed since its fingerprint was taken: the keeper takes its own
/// fingerprints of the sealed segment, and every window compares. One thread: the engine's.
/// </summary>
/// <remarks>
/// A page counts only where it was under advice for as long as it was copied: what the program has taken back it may have
/// filled with something that no other member is to see. The copy itself holds nobody up, as it may wait for memory.
/// </remarks>
internal sealed class SegmentWriter(GateLock gate)
{
    /// <summary>Of what could be had, a segment takes a quarter at most: its pages come on top until others go.</summary>
    private const long HeadroomShare = 4;
    private const long PageBytes = AnonymousMemory.PageSize;
    private const int StretchPages = 256;

    /// <summary>Asking the kernel what is left takes as long as writing a hundred pages.</summary>
    private const int RoomMilliseconds = 250;

    /// <summary>Copies of a content that repeats: as many as a chunk has pages, so that a chunk full of it is one run.</summary>
    private const int ExtentPages = MemberRegion.ChunkPages;

    /// <summary>An extent takes 2 MiB once in a domain; a content must fill more than that in one batch.</summary>
    private const int ExtentOccurrencesMin = 2 * ExtentPages;
    private readonly Dictionary<ulong, int> _occurrences = [];
    private readonly HashSet<ulong> _extents = [];
    private readonly ProcFs _proc = new();
    private readonly HashSet<ulong> _written = [];
    private long _room;
    private long _roomGoodUntil;

    /// <summary>Pages written in all.</summary>
    public ulong PromotedPagesTotal { get; private set; }

    /// <summary>Why the last segment could not be written; empty where it could.</summary>
    public string Obstacle { get; private set; } = "";

    /// <summary>Writes one segment.</summary>
    /// <param name="pages">Pages in ascending order of address; of those with equal fingerprints, the first is written.</param>
    /// <param name="isWanted">Which of them.</param>
    /// <param name="chunkOf">Where a page is.</param>
    /// <param name="allowance">Told after each stretch of writing.</param>
    /// <returns>The sealed segment, the caller's to close; -1 where there is nothing to write or no memory for it.</returns>
    public int Write(ReadOnlySpan<PostedPage> pages, Func<PostedPage, bool> isWanted, Func<PostedPage, Chunk> chunkOf, CpuAllowance allowance)
    {
        Obstacle = "";
        _written.Clear();
        var descriptor = -1;
        long slots = 0;
        try
        {
            Count(pages, isWanted);
            foreach (ref readonly var page in pages)
            {
                if (IsExtentWanted(page.Fingerprint) && slots + ExtentPages <= Room() && _written.Add(page.Fingerprint))
                {
                    _ = _extents.Add(page.Fingerprint);
                    descriptor = descriptor >= 0 ? descriptor : SealedMemory.Create("samepage");
                    slots += Append(descriptor, chunkOf(page), page.Page, slots, ExtentPages);
                    allowance.Rest();
                }
            }

            foreach (ref readonly var page in pages)
            {
                if (isWanted(page) && slots < Room() && _written.Add(page.Fingerprint))
                {
                    descriptor = descriptor >= 0 ? descriptor : SealedMemory.Create("samepage");
                    slots += Append(descriptor, chunkOf(page), page.Page, slots, 1);
                    if (slots % StretchPages == 0)
                    {
                        allowance.Rest();
                    }
                }
            }

            if (slots == 0)
            {
                Close(ref descriptor);
                return -1;
            }

            SealedMemory.Truncate(descriptor, slots * PageBytes);
            SealedMemory.Seal(descriptor);
            PromotedPagesTotal += (ulong)slots;
            _room -= slots;
            return descriptor;
        }
        catch (LinuxException error)
        {
            Obstacle = $"no segment could be written: {error.Message}";
            Close(ref descriptor);
            return -1;
        }
    }

    /// <summary>Lets go of what the largest batch so far needed.</summary>
    public void Trim()
    {
        _occurrences.Clear();
        _occurrences.TrimExcess();
        _written.Clear();
        _written.TrimExcess();
    }

    /// <summary>How often each content stands in the batch, of those that have or shall have a stable page.</summary>
    private void Count(ReadOnlySpan<PostedPage> pages, Func<PostedPage, bool> isWanted)
    {
        _occurrences.Clear();
        foreach (ref readonly var page in pages)
        {
            if (isWanted(page) || (page.Answer.IsStable && !page.Answer.IsExtent))
            {
                System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_occurrences, page.Fingerprint, out _)++;
            }
        }
    }

    private bool IsExtentWanted(ulong fingerprint) =>
        _occurrences.GetValueOrDefault(fingerprint) >= ExtentOccurrencesMin && !_extents.Contains(fingerprint);

    /// <summary>
    /// Gives the slots taken: all copies, or none where the content cannot be read or is not offered any more. A slot that
    /// is not taken is overwritten by the next, or cut off.
    /// </summary>
    private long Append(int descriptor, Chunk chunk, int page, long slot, int copies)
    {
        var (address, changes) = (chunk.AddressOf(page), gate.Changes);
        for (var copy = 0; copy < copies; copy++)
        {
            if (FileHandle.WriteFrom(descriptor, address, (ulong)PageBytes, (ulong)((slot + copy) * PageBytes)) != PageBytes)
            {
                return 0;
            }
        }

        gate.Hold();
        try
        {
            return gate.IsStillAdvised(chunk, page, page + 1) && !gate.WasEdited(changes, address, address + (ulong)PageBytes) ? copies : 0;
        }
        finally
        {
            gate.Release();
        }
    }

    private static void Close(ref int descriptor)
    {
        if (descriptor >= 0)
        {
            FileHandle.Close(descriptor);
            descriptor = -1;
        }
    }

    /// <summary>Pages that may be written now.</summary>
    private long Room()
    {
        if (LookSchedule.Now >= _roomGoodUntil)
        {
            (_room, _roomGoodUntil) = (Limit(), LookSchedule.Now + RoomMilliseconds);
        }

        return Math.Min(_room, Protocol.ProtocolLimits.SegmentPagesMax);
    }

    private long Limit()
    {
        var memory = MemInfo.Read(_proc);
        var host = memory.AvailableBytes - BreakGuard.ReserveBytes;
        var group = ControlGroupHeadroom.Of(_proc, Environment.ProcessId, memory.SwapFreeBytes)?.Bytes ?? long.MaxValue;
        return Math.Max(0, Math.Min(host, group) / HeadroomShare / PageBytes);
    }
}
