namespace Samepage.Merging.User.Keeping;

/// <summary>
/// What the index knows of members, by their numbers: who lives, how much of the index each takes, and how many of its
/// notes others have promoted. A number is given anew only once no entry bears it.
/// </summary>
internal sealed class MemberLedger
{
    private readonly Account[] _accounts = new Account[IndexEntry.MembersMax];
    private int _last = -1;

    /// <summary>Members alive.</summary>
    public int Alive { get; private set; }

    /// <summary>Entries of the dead that still stand in the index.</summary>
    public long DeadNotes { get; private set; }

    /// <summary>Entries that the living take.</summary>
    public long LivingNotes { get; private set; }

    /// <summary>Admits a member; -1 where all numbers are taken.</summary>
    public int Add()
    {
        for (var tried = 0; tried < _accounts.Length; tried++)
        {
            _last = (_last + 1) % _accounts.Length;
            if (_accounts[_last] is { IsAlive: false, Notes: 0 })
            {
                _accounts[_last] = new Account { IsAlive = true };
                Alive++;
                return _last;
            }
        }

        return -1;
    }

    /// <summary>A member has gone: its notes are void from now on.</summary>
    public void Remove(int member)
    {
        _accounts[member].IsAlive = false;
        Alive--;
        DeadNotes += _accounts[member].Notes;
        LivingNotes -= _accounts[member].Notes;
    }

    /// <summary>Whether it is there.</summary>
    public bool IsAlive(int member) => _accounts[member].IsAlive;

    /// <summary>Entries of the index that it takes.</summary>
    public long NotesOf(int member) => _accounts[member].Notes;

    /// <summary>An entry more.</summary>
    public void Charge(int member)
    {
        _accounts[member].Notes++;
        LivingNotes++;
    }

    /// <summary>An entry less.</summary>
    public void Release(int member)
    {
        ref var account = ref _accounts[member];
        account.Notes--;
        if (account.IsAlive)
        {
            LivingNotes--;
        }
        else
        {
            DeadNotes--;
        }
    }

    /// <summary>What it noted has become stable, by another's doing or at another time.</summary>
    public void TellNews(int member) => _accounts[member].News++;

    /// <summary>Pages that it says it offers; more notes than that cannot all be right.</summary>
    public ref long AdvisedPages(int member) => ref _accounts[member].AdvisedPages;

    /// <summary>
    /// Takes note of how many passes a member has made over its memory, and gives its news since the beginning of the
    /// last pass: what became stable while a pass ran may have come too late for it, so it counts until the end of the
    /// next.
    /// </summary>
    public uint News(int member, ulong passes)
    {
        ref var account = ref _accounts[member];
        if (passes != account.Passes)
        {
            account.Passes = passes;
            account.NewsBefore = account.NewsAtPass;
            account.NewsAtPass = account.News;
        }

        return (uint)Math.Min(account.News - account.NewsBefore, uint.MaxValue);
    }

    private struct Account
    {
        public bool IsAlive;
        public long Notes;
        public long AdvisedPages;
        public long News;
        public long NewsBefore;
        public long NewsAtPass;
        public ulong Passes;
    }
}
