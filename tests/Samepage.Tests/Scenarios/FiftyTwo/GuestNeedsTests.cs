using Samepage.Scenarios.FiftyTwo;

namespace Samepage.Tests.Scenarios.FiftyTwo;

public sealed class GuestNeedsTests
{
    private const long GiB = 1L << 30;
    private static readonly GuestNeeds s_needs = GuestNeeds.Of(GiB, 16 * GiB, 1);

    [Fact]
    public void The_plan_lets_more_than_fifty_two_in_on_sixteen_gigabytes() => Assert.InRange(s_needs.PlannedGuests, 52, 130);

    [Fact]
    public void Swap_covers_all_that_is_merged_with_a_margin()
    {
        // All of it broken apart: 52 guests and what they need besides, less what the limit holds.
        var whole = (52 * s_needs.Demand.NeededBytes) - (16 * GiB);
        Assert.InRange(s_needs.SwapBytes(52), whole, whole * 1.2);
        Assert.True(s_needs.SwapBytes(80) > s_needs.SwapBytes(52));
    }

    [Fact]
    public void Few_guests_need_no_swap() => Assert.Equal(0, s_needs.SwapBytes(4));

    /// <summary>The system tests' small form: they look at the swap when they kill it.</summary>
    [Fact]
    public void Four_small_guests_under_a_gigabyte_need_some() => Assert.InRange(GuestNeeds.Of(GiB / 4, GiB, 1).SwapBytes(4), 1, GiB);

    [Fact]
    public void Without_a_floor_no_swap_is_asked_for() => Assert.Equal(0, GuestNeeds.Of(GiB, 16 * GiB, 0).SwapBytes(52));

    [Fact]
    public void A_guest_has_room_only_beside_what_others_have_yet_to_fill()
    {
        var used = (16 * GiB) - (2 * s_needs.Demand.NeededBytes) - GiB;
        Assert.True(s_needs.HasRoom(used, 0));
        Assert.True(s_needs.HasRoom(used, s_needs.Demand.NeededBytes));
        Assert.False(s_needs.HasRoom(used, 2 * s_needs.Demand.NeededBytes));
    }
}
