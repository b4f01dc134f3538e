namespace Samepage.Pages;

/// <summary>
/// Which targets hold a content, kept as numbers of interned sets ("colours", as sequence indexes have it): a content
/// that {1, 3} held and target 7 turns out to hold moves to the set {1, 3, 7}. Real hosts have few different sets, so
/// that each content affords its exact set in 24 bits.
/// </summary>
/// <remarks>
/// Targets are looked at one after the other, in ascending order. A set is therefore its parent set plus one later
/// target, and the step from a set to its extension needs remembering for the present target only: one memo in each
/// node replaces a dictionary. When the limit is reached, further combinations are no longer told apart: the content
/// goes to a node that knows its newest target only, which is credited with the whole saving of that step. Not
/// thread-safe.
/// </remarks>
internal sealed class TargetSets
{
    private const int None = -1;
    private readonly int _limit;

    /// <summary>By target: the set of that target alone, or None.</summary>
    private readonly List<int> _lone = [];

    /// <summary>By target: contents that came to it when no further set could be told apart.</summary>
    private readonly List<long> _overflowSteps = [];

    private Node[] _nodes = new Node[64];
    private int _count;

    /// <summary>Starts with no sets.</summary>
    /// <param name="limit">How many sets are told apart; at 32 bytes each the default holds 8 MB.</param>
    public TargetSets(int limit = 1 << 18) => _limit = limit;

    /// <summary>Whether the limit was reached.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>How many sets there are.</summary>
    public int Count => _count;

    /// <summary>The target that joined a set last.</summary>
    public int LastTarget(int set) => _nodes[set].Target;

    /// <summary>Puts a content that nobody held before into the set of one target.</summary>
    public int Add(int target)
    {
        while (_lone.Count <= target)
        {
            _lone.Add(None);
        }

        if (_lone[target] == None)
        {
            _lone[target] = NewNode(None, target);
        }

        _nodes[_lone[target]].Contents++;
        return _lone[target];
    }

    /// <summary>Moves a content to its set extended by a later target.</summary>
    public int Extend(int set, int target)
    {
        ref var node = ref _nodes[set];
        if (node.MemoTarget != target)
        {
            if (_count >= _limit)
            {
                return Overflow(set, target);
            }

            var extended = NewNode(set, target);
            node = ref _nodes[set];
            node.MemoTarget = target;
            node.MemoSet = extended;
        }

        node.Contents--;
        _nodes[node.MemoSet].Contents++;
        return node.MemoSet;
    }

    /// <summary>Visits every set that contents ended in.</summary>
    /// <param name="visit">Given the members in ascending order and the number of contents. The span is reused.</param>
    public void ForEach(SetVisitor visit)
    {
        var members = new List<int>();
        for (var set = 0; set < _count; set++)
        {
            // Contents that overflowed left savings behind with the members they had until then.
            var contents = _nodes[set].Contents + _nodes[set].Overflowed;
            if (contents == 0)
            {
                continue;
            }

            members.Clear();
            for (var at = set; at != None; at = _nodes[at].Parent)
            {
                members.Add(_nodes[at].Target);
            }

            members.Reverse();
            visit(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(members), contents);
        }
    }

    /// <summary>Steps to a target that overflowed: each saved one frame, credited to that target alone.</summary>
    public long OverflowSteps(int target) => target < _overflowSteps.Count ? _overflowSteps[target] : 0;

    private int Overflow(int set, int target)
    {
        IsTruncated = true;
        _nodes[set].Contents--;
        _nodes[set].Overflowed++;
        while (_overflowSteps.Count <= target)
        {
            _overflowSteps.Add(0);
        }

        // From here on the content looks like one that only its newest target holds.
        _overflowSteps[target]++;
        return Add(target);
    }

    private int NewNode(int parent, int target)
    {
        if (_count == _nodes.Length)
        {
            Array.Resize(ref _nodes, _nodes.Length * 2);
        }

        _nodes[_count] = new Node { Parent = parent, Target = target, MemoTarget = None };
        return _count++;
    }

    private struct Node
    {
        public int Parent;
        public int Target;
        public int MemoTarget;
        public int MemoSet;
        public long Contents;
        public long Overflowed;
    }
}

/// <summary>Receives one set of targets and the number of contents that exactly these targets hold.</summary>
internal delegate void SetVisitor(ReadOnlySpan<int> members, long contents);
