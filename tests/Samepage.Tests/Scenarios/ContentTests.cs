using Samepage.Scenarios;
using Samepage.Scenarios.Guests;

namespace Samepage.Tests.Scenarios;

public sealed class ContentTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("samepage-content-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void The_choice_is_ordered_cut_to_length_and_leaves_links_and_small_files_out()
    {
        Write("usr/lib/b.so", 100_000);
        Write("usr/lib/a.so", 80_000);
        Write("usr/lib/small.so", 10);
        File.CreateSymbolicLink(Path.Combine(_root.FullName, "usr/lib/0.so"), "a.so");
        Write("usr/share/dotnet/shared/c.dll", 90_000);

        var chosen = SharedContent.Choose(200_000, _root.FullName);
        Assert.Equal(
            [("a.so", 80_000L), ("b.so", 100_000L), ("c.dll", 20_000L)],
            chosen.Select(file => (Path.GetFileName(file.Path), file.Length)));
        Assert.Equal(270_000, SharedContent.Choose(1L << 40, _root.FullName).Sum(file => file.Length));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4_097)]
    [InlineData(65_536)]
    [InlineData(99_999)]
    public void Both_digests_see_every_byte(int at)
    {
        var path = Write("file", 100_000);
        SharedFile[] files = [new SharedFile(path, 100_000, 100_000, 0)];
        var (sha, polynomial) = (Digests.Sha256(files), Digests.Polynomial(files));
        var bytes = File.ReadAllBytes(path);
        bytes[at] ^= 0x80;
        File.WriteAllBytes(path, bytes);
        Assert.NotEqual(sha, Digests.Sha256(files));
        Assert.NotEqual(polynomial, Digests.Polynomial(files));
    }

    [Fact]
    public void Both_digests_see_the_order()
    {
        var path = Write("file", 100_000);
        SharedFile[] files = [new SharedFile(path, 100_000, 100_000, 0)];
        var (sha, polynomial) = (Digests.Sha256(files), Digests.Polynomial(files));
        var bytes = File.ReadAllBytes(path);
        bytes.AsSpan(8, 8).CopyTo(bytes.AsSpan(70_000, 8));
        File.WriteAllBytes(path, bytes);
        var copied = Digests.Polynomial(files);
        var (first, second) = (bytes[16..24], bytes[24..32]);
        second.CopyTo(bytes, 16);
        first.CopyTo(bytes, 24);
        File.WriteAllBytes(path, bytes);
        Assert.NotEqual(sha, Digests.Sha256(files));
        Assert.NotEqual(polynomial, copied);
        Assert.NotEqual(copied, Digests.Polynomial(files));
    }

    [Fact]
    public void The_newest_kernel_comes_first_and_what_is_no_kernel_not_at_all()
    {
        WriteKernel("boot/vmlinuz-6.1.0-9-amd64", "CONFIG_SERIAL_8250_CONSOLE=y\nCONFIG_DEVTMPFS=y\nCONFIG_BLK_DEV_INITRD=y\n");
        WriteKernel("boot/vmlinuz-6.12.0-1-amd64", null);
        WriteKernel("boot/vmlinuz-6.2.0-1-amd64", "CONFIG_SERIAL_8250_CONSOLE=m\nCONFIG_DEVTMPFS=y\nCONFIG_BLK_DEV_INITRD=y\n");
        Write("boot/vmlinuz-7.0", 1000);
        Assert.Equal(
            ["vmlinuz-6.12.0-1-amd64", "vmlinuz-6.1.0-9-amd64"],
            GuestKernel.Find(_root.FullName).Select(Path.GetFileName));
    }

    [Fact]
    public void Only_an_executable_without_interpreter_is_static()
    {
        Assert.False(StaticElf.Is("/bin/ls"));
        Assert.False(StaticElf.Is(Write("text", 1000)));
        Assert.False(StaticElf.Is("/nowhere"));
        if (File.Exists("/bin/busybox") && File.Exists("/usr/share/doc/busybox-static/copyright"))
        {
            Assert.True(StaticElf.Is("/bin/busybox"));
        }
    }

    private string Write(string name, int length)
    {
        var path = Path.Combine(_root.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private void WriteKernel(string name, string? config)
    {
        var path = Write(name, 2000);
        var bytes = File.ReadAllBytes(path);
        "HdrS"u8.CopyTo(bytes.AsSpan(0x202));
        File.WriteAllBytes(path, bytes);
        if (config is not null)
        {
            File.WriteAllText(path.Replace("vmlinuz", "config", StringComparison.Ordinal), config);
        }
    }
}
