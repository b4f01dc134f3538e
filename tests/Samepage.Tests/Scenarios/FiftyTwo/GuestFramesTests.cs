using Samepage.Linux.Proc;
using Samepage.Scenarios.FiftyTwo;

namespace Samepage.Tests.Scenarios.FiftyTwo;

public sealed class GuestFramesTests
{
    [Fact]
    public void A_guests_memory_is_the_largest_stretch_however_it_is_divided()
    {
        using var tree = new TemporaryTree();
        tree["7/maps"] = """
            00400000-00500000 r-xp 00000000 08:01 1 /usr/bin/qemu
            00600000-00a00000 rw-p 00000000 00:00 0 [heap]
            10000000-10800000 rw-p 00000000 00:00 0
            10800000-10900000 rw-p 00000000 00:01 5 /memfd:samepage (deleted)
            10900000-11000000 rw-p 00000000 00:00 0
            11000000-11001000 ---p 00000000 00:00 0
            11001000-11801000 rw-p 00000000 00:00 0
            11801000-13801000 rw-s 00000000 00:01 6 /memfd:shared (deleted)

            """;
        Assert.Equal((0x10000000UL, 0x11000000UL), new GuestFrames(new ProcFs(tree.Root)).Range(7));
    }
}
