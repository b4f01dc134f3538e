using Samepage.Guarding.Swapping;
using Samepage.Linux.Proc;
using Samepage.Linux.Swapping;

namespace Samepage.SystemTests.Guarding;

/// <summary>Real swap, of 64 MiB, on this machine; whatever happens, none of it stays.</summary>
public sealed class SwapProvisionTests : IDisposable
{
    private const long Bytes = 64L << 20;
    private readonly string _directory = Directory.CreateDirectory(
        $"/var/tmp/samepage-test-swap-{Environment.ProcessId}", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;

    private readonly ZramControl _zram = new();
    private readonly List<string> _devicesBefore = [.. Directory.EnumerateDirectories("/sys/block", "zram*")];

    public SwapProvisionTests() => Assert.SkipUnless(Environment.IsPrivilegedProcess, "swap is switched on by root only");

    private static IReadOnlyList<SwapArea> Areas => SwapArea.ReadAll(new ProcFs());

    private string SwapDirectory => Path.Combine(_directory, "swap");

    [Fact]
    public void A_file_is_made_used_and_removed()
    {
        using var provisioner = Open(SwapKind.File);
        Assert.SkipWhen(SwapFile.Look(_directory).Support.Refusal is { } refusal, $"no file system for it: {SwapFile.Look(_directory).Support.Refusal}");
        var added = provisioner.Provision(Bytes);
        Assert.True(added.IsDone, added.Reason);
        var area = Assert.Single(Areas, area => area.Path.StartsWith(SwapDirectory, StringComparison.Ordinal));
        Assert.Equal((Bytes - 4096, 7), (area.TotalBytes, area.Priority));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(area.Path));
        Assert.Equal("samepage", SwapSpace.LabelOf(area.Path));
        Assert.Equal(0, Tool.Run("swaplabel", area.Path).Status);
        Assert.True(provisioner.Withdraw().IsDone);
        AssertClean();
    }

    [Fact]
    public void A_zram_device_is_made_used_and_removed()
    {
        Assert.SkipUnless(_zram.Exists, "this kernel has no zram, or it is not loaded");
        using var provisioner = Open(SwapKind.Zram);
        var added = provisioner.Provision(Bytes);
        Assert.True(added.IsDone, added.Reason);
        var area = Assert.Single(Areas, area => area.Path.StartsWith("/dev/zram", StringComparison.Ordinal) && area.Priority == 7);
        Assert.Equal(Bytes - 4096, area.TotalBytes);
        Assert.True(provisioner.Withdraw().IsDone);
        AssertClean();
    }

    [Theory]
    [InlineData(SwapKind.File)]
    [InlineData(SwapKind.Zram)]
    public void What_a_killed_one_left_is_taken_over_and_removed(SwapKind kind)
    {
        Assert.SkipUnless(kind == SwapKind.File || _zram.Exists, "this kernel has no zram, or it is not loaded");
        using (var killed = Open(kind))
        {
            Assert.True(killed.Provision(Bytes).IsDone);
        }

        // Its lock is gone, as it is when a process dies, and its swap is on.
        using var next = Open(kind);
        Assert.Contains("took over", next.Findings.Single(), StringComparison.Ordinal);
        Assert.Equal(Bytes, next.ProvidedBytes);
        Assert.True(next.Withdraw().IsDone);
        AssertClean();
    }

    [Fact]
    public void Files_in_memory_and_directories_of_others_are_refused()
    {
        var shared = Directory.CreateDirectory($"/dev/shm/samepage-test-{Environment.ProcessId}").FullName;
        try
        {
            using (var provisioner = Open(SwapKind.File, shared))
            {
                Assert.Contains("takes no swap file: it lies in memory itself", provisioner.Provision(Bytes).Reason, StringComparison.Ordinal);
            }

            File.SetUnixFileMode(Directory.CreateDirectory(SwapDirectory).FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherWrite);
            using var open = Open(SwapKind.File);
            Assert.Contains("others own or may write it", open.Provision(Bytes).Reason, StringComparison.Ordinal);
            AssertClean();
        }
        finally
        {
            Directory.Delete(shared, recursive: true);
        }
    }

    public void Dispose()
    {
        // Also where a test failed half way: nothing of it may stay on.
        foreach (var kind in new[] { SwapKind.File, SwapKind.Zram })
        {
            using var last = Open(kind);
            while (last.Withdraw().IsDone)
            {
            }
        }

        Directory.Delete(_directory, recursive: true);
    }

    private SwapProvisioner Open(SwapKind kind, string? directory = null) => SwapProvisioner.Open(
        new SwapOptions { Kind = kind, Directory = directory ?? SwapDirectory, CapBytes = Bytes, Priority = 7, DiskReserveShare = 0 },
        new SwapKernel(new ProcFs(), _zram), Path.Combine(_directory, "state"));

    private void AssertClean()
    {
        Assert.DoesNotContain(Areas, area => area.Path.StartsWith(SwapDirectory, StringComparison.Ordinal) || area.Priority == 7);
        Assert.Equal(_devicesBefore, Directory.EnumerateDirectories("/sys/block", "zram*"));
        Assert.True(!Directory.Exists(SwapDirectory) || !Directory.EnumerateFiles(SwapDirectory).Any());
        Assert.False(File.Exists(Path.Combine(_directory, "state", "swap-areas")));
    }
}
