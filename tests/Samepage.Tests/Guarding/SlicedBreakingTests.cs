using CsCheck;
using Samepage.Guarding;

namespace Samepage.Tests.Guarding;

public class SlicedBreakingTests
{
    private const long Mebibyte = 1L << 20;
    private static readonly SlicedBreaking s_breaking = new(new GuardOptions());

    private static GuardScope Host(long memory, long swap, double pressure = 0) =>
        new("host", true, 1 << 30, memory * Mebibyte, swap * Mebibyte, pressure);

    [Fact]
    public void Plenty_of_room_gives_a_slice() =>
        Assert.Equal(8 * Mebibyte, s_breaking.Next(100 * Mebibyte, [Host(1000, 0)]).Bytes);

    [Fact]
    public void The_last_slice_is_what_is_left() =>
        Assert.Equal(3 * Mebibyte, s_breaking.Next(3 * Mebibyte, [Host(1000, 0)]).Bytes);

    [Fact]
    public void Pressure_makes_it_wait()
    {
        var verdict = s_breaking.Next(100 * Mebibyte, [Host(1000, 0, 12)]);
        Assert.True(verdict is { Bytes: 0, IsLater: true });
        Assert.Contains("memory pressure in host is 12 %", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_tightest_scope_decides()
    {
        var group = new GuardScope("/a", false, 1 << 30, 100 * Mebibyte, 0, 0);
        var verdict = s_breaking.Next(100 * Mebibyte, [Host(1000, 0), group]);
        Assert.True(verdict is { Bytes: 0, IsLater: false });
        Assert.StartsWith("/a could supply 100 MiB of memory + 0 bytes of swap - 64 MiB reserve: too little", verdict.Reason, StringComparison.Ordinal);
    }

    /// <summary>However much is asked for, breaking slice by slice never goes into the reserve.</summary>
    [Fact]
    public void The_reserve_is_never_touched() =>
        Gen.Select(Gen.Long[0, 4_000], Gen.Long[0, 2_000], Gen.Long[1, 8_000]).Sample((memory, swap, wanted) =>
        {
            var (free, left) = ((memory + swap) * Mebibyte, wanted * Mebibyte);
            while (left > 0 && s_breaking.Next(left, [Host(free / Mebibyte, 0)]) is { Bytes: > 0 } verdict)
            {
                (free, left) = (free - verdict.Bytes, left - verdict.Bytes);
            }

            Assert.True(left == 0 || wanted > 0);
            Assert.True(free >= Math.Min((memory + swap) * Mebibyte, BreakGuard.ReserveBytes));
            Assert.True(left == 0 || free < BreakGuard.ReserveBytes + (9 * 8 * Mebibyte));
        });
}
