using Samepage.Linux;

namespace Samepage.Merging.User.Keeping;

/// <summary>A sealed memory file of stable pages, and who uses it.</summary>
/// <param name="number">What members call it.</param>
/// <param name="identity">Which file it is, whoever offers it.</param>
/// <param name="descriptor">The keeper's own.</param>
/// <param name="pages">Its length.</param>
/// <param name="bornAt">The time in units of 100 ms.</param>
internal sealed class Segment(uint number, FileIdentity identity, int descriptor, int pages, uint bornAt)
{
    private int _descriptor = descriptor;
    private long _pagesUsed;
    private int _unreported;
    private int _sparseReports;

    public uint Number { get; } = number;

    public FileIdentity Identity { get; } = identity;

    public int Descriptor => _descriptor;

    public int Pages { get; } = pages;

    public uint BornAt { get; } = bornAt;

    /// <summary>Its users are asked to empty it, and nobody new is sent to it.</summary>
    public bool IsRetiring { get; set; }

    /// <summary>The pages that each user maps unwritten, as it says; null until it has said so.</summary>
    public Dictionary<Member, uint?> Users { get; } = [];

    /// <summary>Stable pages that are mapped by at least so many pages, as far as known.</summary>
    public long PagesUsed => _pagesUsed;

    public void AddUser(Member member)
    {
        if (Users.TryAdd(member, null))
        {
            _unreported++;
            _sparseReports = 0;
        }
    }

    public void RemoveUser(Member member)
    {
        if (Users.Remove(member, out var used))
        {
            _pagesUsed -= used ?? 0;
            _unreported -= used is null ? 1 : 0;
        }
    }

    /// <summary>
    /// Takes a user's report, and says whether the segment has been sparse for so many reports from each of its users on
    /// average that it should be emptied. A user cannot count for more than the whole segment.
    /// </summary>
    public bool Report(Member member, uint pages, int reportsNeeded)
    {
        if (!Users.TryGetValue(member, out var before))
        {
            return false;
        }

        var used = Math.Min(pages, (uint)Pages);
        _unreported -= before is null ? 1 : 0;
        _pagesUsed += (long)used - (before ?? 0);
        Users[member] = used;
        _sparseReports = _unreported == 0 && IsSparse() ? _sparseReports + 1 : 0;
        return _sparseReports >= reportsNeeded * Users.Count;
    }

    public void Close() => FileHandle.Close(ref _descriptor);

    /// <summary>
    /// Who wrote a segment maps all of it at first. Where not even one user still maps half of it, much of it is of no use
    /// to anybody; which pages those are is known to the members alone.
    /// </summary>
    private bool IsSparse()
    {
        foreach (var used in Users.Values)
        {
            if (2 * (used ?? 0) >= Pages)
            {
                return false;
            }
        }

        return true;
    }
}
