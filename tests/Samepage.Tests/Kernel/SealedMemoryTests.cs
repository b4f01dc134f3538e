using Samepage.Linux;
using Samepage.Linux.Interop;
using Samepage.Linux.Memory;

namespace Samepage.Tests.Kernel;

/// <summary>Only a memory file that nobody can change any more, and that is all there, passes.</summary>
public sealed unsafe class SealedMemoryTests : IDisposable
{
    private const int Pages = 8;
    private int _file = SealedMemory.Create("samepage-test");

    public void Dispose() => FileHandle.Close(ref _file);

    [Fact]
    public void A_sealed_file_passes_and_can_no_longer_be_written()
    {
        Fill(_file);
        SealedMemory.Seal(_file);
        Assert.True(SealedMemory.IsSealed(_file, out var bytes));
        Assert.Equal(Pages * 4096, bytes);
        Assert.Equal(Errno.EPERM, Assert.Throws<LinuxException>(() => FileHandle.WriteAt(_file, [1], 0)).Errno);
        var data = SealedMemory.MapReadOnly(_file, bytes);
        Assert.Equal(3, data[3 * 4096]);
        SealedMemory.Unmap(data, bytes);
        var read = new byte[4096];
        FileHandle.ReadAt(_file, read, 5 * 4096);
        Assert.All(read, value => Assert.Equal(5, value));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Libc.F_SEAL_WRITE)]
    [InlineData(Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW | Libc.F_SEAL_SEAL)]
    [InlineData(Libc.F_SEAL_WRITE | Libc.F_SEAL_GROW | Libc.F_SEAL_SEAL)]
    [InlineData(Libc.F_SEAL_WRITE | Libc.F_SEAL_SHRINK | Libc.F_SEAL_SEAL)]
    [InlineData(Libc.F_SEAL_WRITE | Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW)]
    public void A_missing_seal_is_refused(int seals)
    {
        Fill(_file);
        Assert.Equal(0, Libc.fcntl(_file, Libc.F_ADD_SEALS, seals));
        Assert.False(SealedMemory.IsSealed(_file, out var bytes));
        Assert.Equal(0, bytes);
    }

    [Fact]
    public void A_file_with_a_hole_is_refused()
    {
        FileHandle.WriteAt(_file, new byte[4096], 0);
        FileHandle.WriteAt(_file, new byte[4096], 2 * 4096);
        SealedMemory.Seal(_file);
        Assert.False(SealedMemory.IsSealed(_file, out _));
    }

    /// <summary>As many blocks as pages, but not under them: reserved behind the end before the length was sealed.</summary>
    [Fact]
    public void Blocks_behind_the_end_do_not_make_up_for_a_hole()
    {
        const int KeepSize = 1;
        FileHandle.WriteAt(_file, new byte[4096], 2 * 4096);
        Assert.Equal(0, fallocate(_file, KeepSize, 3 * 4096, 4 * 4096));
        SealedMemory.Seal(_file);
        Libc.stat status;
        Assert.Equal(0, Libc.fstat(_file, &status));
        Assert.True(status.st_blocks * 512 >= status.st_size, "the trick no longer works, so this test shows nothing");
        Assert.False(SealedMemory.IsSealed(_file, out _));
    }

    [Fact]
    public void Other_files_are_refused()
    {
        using var tree = new TemporaryTree { ["file"] = "text" };
        foreach (var path in new[] { "/dev/zero", "/proc/self/status", "/dev/null", tree.PathOf("file") })
        {
            var file = Libc.open(path, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
            Assert.True(file >= 0 && !SealedMemory.IsSealed(file, out _), path);
            FileHandle.Close(ref file);
        }

        Assert.False(SealedMemory.IsSealed(-1, out _));
    }

    [Fact]
    public void Huge_pages_are_refused()
    {
        const uint Huge = 0x4;
        var file = Libc.memfd_create("samepage-huge", Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING | Huge);
        Assert.SkipWhen(file < 0, "this kernel has no huge memory files");
        Assert.Equal(0, Libc.fcntl(file, Libc.F_ADD_SEALS, Libc.F_SEAL_WRITE | Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW | Libc.F_SEAL_SEAL));
        Assert.False(SealedMemory.IsSealed(file, out _));
        FileHandle.Close(ref file);
    }

    [Fact]
    public void Who_maps_it_shared_for_writing_keeps_it_from_being_sealed()
    {
        Fill(_file);
        var data = Libc.mmap(null, 4096, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, _file, 0);
        Assert.Equal(Errno.EBUSY, Assert.Throws<LinuxException>(() => SealedMemory.Seal(_file)).Errno);
        Assert.Equal(0, Libc.munmap(data, 4096));
        SealedMemory.Seal(_file);
        Assert.True(SealedMemory.IsSealed(_file, out _));
    }

    private static void Fill(int file)
    {
        for (var page = 0; page < Pages; page++)
        {
            var bytes = new byte[4096];
            bytes.AsSpan().Fill((byte)page);
            FileHandle.WriteAt(file, bytes, page * 4096);
        }
    }

    [System.Runtime.InteropServices.DllImport("libc", SetLastError = true)]
#pragma warning disable SYSLIB1054, CA5392, IDE1006 // The C library's name, for one test.
    private static extern int fallocate(int fd, int mode, long offset, long len);
#pragma warning restore SYSLIB1054, CA5392, IDE1006
}
