using CsCheck;
using Samepage.Linux.Proc;

namespace Samepage.Tests.Injection;

public class MergeableRegionTests
{
    private const string Smaps = """
        55d0c0a00000-55d0c0a21000 rw-p 00000000 00:00 0                          [heap]
        Size:                132 kB
        Rss:                  64 kB
        KSM:                   8 kB
        VmFlags: rd wr mr mw me ac mg
        7f0000000000-7f0000200000 rw-p 00000000 00:00 0
        Rss:                2048 kB
        KSM:                   0 kB
        VmFlags: rd wr mr mw me ac
        7f0000400000-7f0000600000 rw-p 00000000 00:00 0
        Rss:                1024 kB
        VmFlags: rd wr mg mr mw me ac
        7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]
        Rss:                  12 kB
        VmFlags: rd wr mr mw me gd ac
        """;

    [Fact]
    public void Mergeable_mappings_are_found() => Assert.Equal(
        [
            new MergeableRegion(0x55d0c0a00000, 0x55d0c0a21000, 64 * 1024, 8 * 1024),
            new MergeableRegion(0x7f0000400000, 0x7f0000600000, 1024 * 1024, null),
        ],
        MergeableRegion.Parse(Smaps));

    [Fact]
    public void Any_text_is_survived() =>
        Gen.Select(Gen.Int[0, Smaps.Length], Gen.Int[0, 40], Gen.String).Sample((at, cut, junk) =>
        {
            var damaged = Smaps.Remove(at, Math.Min(cut, Smaps.Length - at)).Insert(at, junk);
            Assert.InRange(MergeableRegion.Parse(damaged).Count, 0, 3);
        });
}
