using Samepage.Linux.Proc;
using Samepage.Merging.User.Engine;

namespace Samepage.Tests.Merging;

/// <summary>Which open files forbid merging, by what the kernel says of a made-up program.</summary>
public sealed class DirectFilesTests : IDisposable
{
    private const string Mounts =
        "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        + "40 21 0:50 / /srv/images rw - nfs4 server:/images rw,vers=4.2\n"
        + "42 21 0:52 / /over rw - overlay overlay rw,lowerdir=/srv/images\n"
        + "41 21 0:51 / /mnt/with\\040space rw master:3 propagate_from:2 - fuse.sshfs host:/ rw\n";

    private readonly TemporaryTree _tree = new();

    public DirectFilesTests() => _tree["7/mountinfo"] = Mounts;

    public void Dispose() => _tree.Dispose();

    [Theory]
    [InlineData("0140002", 21, "/var/disk.img", null)]
    [InlineData("0140002", 40, "/srv/images/disk.img", "nfs4")]
    [InlineData("0100002", 40, "/srv/images/disk.img", null)]
    [InlineData("0140000", 41, "/mnt/with space/disk.img", "fuse.sshfs")]
    [InlineData("0140002", 99, "/elsewhere/disk.img", "an unknown file system")]
    [InlineData("0140002", 42, "/over/disk.img", "overlay")]
    [InlineData("0140001", 15, "pipe:[1234]", null)]
    public void Direct_reads_are_minded_where_they_do_not_pin(string flags, int mount, string target, string? type) =>
        Look(flags, mount, target, type is null ? null : $"a file is open for direct I/O on {type} (descriptor 12), whose reads nobody can see: merging pauses");

    /// <summary>Its server may have any read go past the page cache, whatever the flags say.</summary>
    [Theory]
    [InlineData("0100000", true)]
    [InlineData("0100002", true)]
    [InlineData("0100001", false)]
    [InlineData("0300000", false)]
    [InlineData("020300002", true)]
    [InlineData("012000000", false)]
    public void On_FUSE_whatever_can_be_read_is_minded(string flags, bool isMinded) =>
        Look(flags, 41, "/mnt/with space/file", isMinded ? "a file is open on fuse.sshfs (descriptor 12), which may read it past the page cache, where nobody can see that: merging pauses" : null);

    private void Look(string flags, int mount, string target, string? found)
    {
        Open(3, "02", 21, "/dev/null");
        Open(12, flags, mount, target);
        var files = new DirectFiles(new ProcFs(_tree.Root), 7);
        Assert.Equal((found is not null, found), (files.AreOpen, files.Found));

        // Closed, it is forgotten at the next look.
        File.Delete(_tree.PathOf("7/fdinfo/12"));
        files.Look();
        Assert.False(files.AreOpen);
    }

    [Fact]
    public void Without_a_main_thread_nobody_can_look()
    {
        Open(3, "02", 21, "/dev/null");
        _tree["7/stat"] = "7 (gone) Z 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 2 0 100 0 0\n";
        Assert.True(new DirectFiles(new ProcFs(_tree.Root), 7).AreOpen);
    }

    [Fact]
    public void What_cannot_be_looked_at_counts_as_open() => Assert.True(new DirectFiles(new ProcFs(_tree.Root), 7).AreOpen);

    private void Open(int descriptor, string flags, int mount, string target)
    {
        _tree[$"7/fdinfo/{descriptor}"] = $"pos:\t0\nflags:\t{flags}\nmnt_id:\t{mount}\nino:\t77\n";
        Directory.CreateDirectory(_tree.PathOf("7/fd"));
        File.CreateSymbolicLink(_tree.PathOf($"7/fd/{descriptor}"), target);
    }
}
