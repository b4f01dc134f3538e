using System.Text;
using CsCheck;
using Samepage.Linux.Proc;

namespace Samepage.Tests.Kernel;

public class SmapsTests
{
    private const string Text = """
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
    public void Mappings_are_read_with_what_is_in_them()
    {
        var regions = Smaps.Parse(Encoding.UTF8.GetBytes(Text));
        Assert.Equal(4, regions.Count);
        Assert.Equal(
            [(0x55d0c0a00000UL, 0x55d0c0a21000UL, 64L * 1024, 8L * 1024), (0x7f0000400000UL, 0x7f0000600000UL, 1024L * 1024, null)],
            regions.Where(region => region.IsMergeable)
                .Select(region => (region.Start, region.End, region.ResidentBytes, region.MergedBytes)));
        Assert.Equal(("[heap]", true, false), (regions[0].Path, regions[0].IsReadable, regions[0].IsShared));
    }

    [Fact]
    public void Any_text_is_survived() =>
        Gen.Select(Gen.Int[0, Text.Length], Gen.Int[0, 40], Gen.String).Sample((at, cut, junk) =>
        {
            var damaged = Text.Remove(at, Math.Min(cut, Text.Length - at)).Insert(at, junk);
            try
            {
                Assert.InRange(Smaps.Parse(Encoding.UTF8.GetBytes(damaged)).Count, 0, 44);
            }
            catch (FormatException)
            {
                // The one thing that it may say of text that is none of the kernel's.
            }
        });
}
