using CsCheck;
using Samepage.Merging.User.Keeping;
using Samepage.Merging.User.Protocol;

namespace Samepage.Tests.Keeping;

/// <summary>The index against a reference that says in plain words what each answer must be.</summary>
public sealed class DomainIndexTests
{
    private static readonly IndexLimits s_unlimited = new(long.MaxValue, long.MaxValue);

    [Fact]
    public void A_content_goes_from_noted_over_promised_to_stable()
    {
        var ledger = new MemberLedger();
        var numbers = new SegmentNumbers();
        using var index = new DomainIndex(ledger, numbers, s_unlimited);
        var (first, second, third) = (ledger.Add(), ledger.Add(), ledger.Add());
        Assert.Equal(Answer.Noted, Ask(index, first, 7, 1, 0));
        Assert.Equal(Answer.Noted, Ask(index, first, 7, 1, 1));
        Assert.Equal(Answer.Promote, Ask(index, second, 7, 1, 2));
        Assert.Equal(Answer.Promote, Ask(index, second, 7, 9, 3));
        Assert.Equal(Answer.Pending, Ask(index, third, 7, 1, 4));
        Assert.Equal(Answer.Pending, Ask(index, first, 7, 1, 4));
        Assert.Equal(Answer.Promote, Ask(index, third, 7, 1, 3 + DomainIndex.PromiseTicks));
        Assert.Equal(Answer.Pending, Ask(index, second, 7, 1, 4 + DomainIndex.PromiseTicks));
        var segment = numbers.Take()!.Value;
        index.Enter(third, 7, segment, 5, isExtent: false);
        Assert.Equal(Answer.Stable(segment, 5, false), Ask(index, first, 7, 1, 60));
        Assert.Equal((1u, 0u, 0u), (ledger.News(first, 0), ledger.News(second, 0), ledger.News(third, 0)));
        Assert.Equal((0L, 1L), (ledger.LivingNotes, numbers.LivingEntries));
    }

    [Fact]
    public void Two_pages_of_one_member_are_two_pages()
    {
        var ledger = new MemberLedger();
        using var index = new DomainIndex(ledger, new SegmentNumbers(), s_unlimited);
        var member = ledger.Add();
        Assert.Equal(Answer.Noted, Ask(index, member, 7, 1, 0));
        Assert.Equal(Answer.Promote, Ask(index, member, 7, 2, 0));
    }

    [Fact]
    public void What_the_dead_promised_others_may_write_at_once()
    {
        var ledger = new MemberLedger();
        using var index = new DomainIndex(ledger, new SegmentNumbers(), s_unlimited);
        var (noter, promoter, third) = (ledger.Add(), ledger.Add(), ledger.Add());
        _ = Ask(index, noter, 7, 1, 0);
        Assert.Equal(Answer.Promote, Ask(index, promoter, 7, 1, 0));
        Assert.Equal(Answer.Pending, Ask(index, third, 7, 1, 0));
        ledger.Remove(promoter);
        Assert.Equal(Answer.Promote, Ask(index, third, 7, 1, 0));
    }

    [Fact]
    public void A_member_that_floods_gets_full_and_others_do_not()
    {
        var ledger = new MemberLedger();
        using var index = new DomainIndex(ledger, new SegmentNumbers(), new IndexLimits(1000, 1500));
        var (hostile, honest) = (ledger.Add(), ledger.Add());
        var answers = Enumerable.Range(0, 5000).Select(i => Ask(index, hostile, (ulong)i, (uint)i, 0)).ToArray();
        Assert.Equal(1000, answers.Count(answer => answer == Answer.Noted));
        Assert.Equal(4000, answers.Count(answer => answer == Answer.Full));
        answers = [.. Enumerable.Range(10_000, 1000).Select(i => Ask(index, honest, (ulong)i, (uint)i, 0))];
        Assert.Equal(750, answers.Count(answer => answer == Answer.Noted));
        ledger.Remove(hostile);
        index.BeginSweep();
        index.Sweep(int.MaxValue);
        Assert.Equal((750L, 0L), (index.Count, ledger.DeadNotes));
    }

    /// <summary>A member that rewrites its pages leaves notes behind; the table does not grow with them for ever.</summary>
    [Fact]
    public void Notes_of_pages_rewritten_long_ago_are_dropped()
    {
        const int Pages = 20_000;
        var ledger = new MemberLedger();
        using var index = new DomainIndex(ledger, new SegmentNumbers(), s_unlimited);
        var member = ledger.Add();
        ledger.AdvisedPages(member) = Pages;
        var random = new Random(1);
        for (uint round = 0; round < 40; round++)
        {
            for (uint page = 0; page < Pages; page++)
            {
                _ = Ask(index, member, (ulong)random.NextInt64(), page, round * 128);
            }
        }

        Assert.InRange(index.Count, Pages, 8 * Pages);
        Assert.Equal(index.Count, ledger.LivingNotes);
    }

    /// <summary>Fingerprints are chosen by members; ones that lie side by side must not end up side by side.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(32)]
    [InlineData(48)]
    public void Chosen_fingerprints_do_not_slow_it_down(int shift)
    {
        var ledger = new MemberLedger();
        using var index = new DomainIndex(ledger, new SegmentNumbers(), s_unlimited);
        var member = ledger.Add();
        var begin = Environment.TickCount64;
        for (uint i = 0; i < 60_000; i++)
        {
            _ = Ask(index, member, (ulong)i << shift, i, 0);
        }

        // Quadratic time would be tens of seconds.
        Assert.InRange(Environment.TickCount64 - begin, 0, 5_000);
    }

    [Fact]
    public void It_answers_as_the_reference_does() => Gen.Select(Gen.Int, Gen.Int[100, 10_000]).Sample(
        (seed, steps) => new IndexModel(seed).Run(steps), iter: 25);

    private static Answer Ask(DomainIndex index, int member, ulong fingerprint, uint token, uint now)
    {
        Span<ulong> answer = stackalloc ulong[1];
        index.Post(member, [fingerprint], [token], answer, now);
        return new Answer(answer[0]);
    }
}
