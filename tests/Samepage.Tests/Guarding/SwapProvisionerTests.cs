using Samepage.Guarding;
using Samepage.Guarding.Swapping;
using Samepage.Linux;
using Samepage.Linux.Swapping;

namespace Samepage.Tests.Guarding;

public sealed class SwapProvisionerTests : IDisposable
{
    private const long Mebibyte = 1L << 20;
    private readonly TemporaryTree _tree = new();
    private readonly SimulatedSwapKernel _kernel = new();

    public void Dispose() => _tree.Dispose();

    private SwapProvisioner Open(SwapKind kind = SwapKind.File) => SwapProvisioner.Open(
        new SwapOptions { Kind = kind, Directory = "/swap", CapBytes = 256 * Mebibyte }, _kernel, _tree.Root);

    [Theory]
    [InlineData(SwapKind.File)]
    [InlineData(SwapKind.Zram)]
    public void What_is_provided_is_withdrawn_again(SwapKind kind)
    {
        using var provisioner = Open(kind);
        var added = provisioner.Provision(100 * Mebibyte);
        Assert.True(added.IsDone, added.Reason);
        Assert.Equal((100 * Mebibyte, 100 * Mebibyte), (added.Bytes, provisioner.ProvidedBytes));
        Assert.Single(_kernel.Areas);
        Assert.True(provisioner.Withdraw().IsDone);
        AssertNothingIsLeft();
    }

    [Fact]
    public void The_cap_holds_over_all_areas()
    {
        using var provisioner = Open();
        Assert.Equal(200 * Mebibyte, provisioner.Provision(200 * Mebibyte).Bytes);
        Assert.Equal(56 * Mebibyte, provisioner.Provision(200 * Mebibyte).Bytes);
        var more = provisioner.Provision(200 * Mebibyte);
        Assert.False(more.IsDone);
        Assert.Contains("256 MiB are provided of at most 256 MiB", more.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_withdrawn_only_where_memory_suffices()
    {
        using var provisioner = Open();
        provisioner.Provision(100 * Mebibyte);
        _kernel.Use("/swap/samepage-1.swap", 90 * Mebibyte);
        _kernel.AvailableBytes = 300 * Mebibyte;
        var refused = provisioner.Withdraw();
        Assert.False(refused.IsDone);
        Assert.Equal("/swap/samepage-1.swap holds 90 MiB, and the host could take back 300 MiB available - 256 MiB reserve: it stays", refused.Reason);
        _kernel.AvailableBytes = 346 * Mebibyte;
        Assert.True(provisioner.Withdraw().IsDone);
    }

    /// <summary>What comes back is charged to the group that it went from, and switching swap off does not swap: the kernel would kill.</summary>
    [Fact]
    public void It_is_withdrawn_only_where_each_group_has_room_for_its_own()
    {
        using var provisioner = Open();
        provisioner.Provision(100 * Mebibyte);
        _kernel.Use("/swap/samepage-1.swap", 90 * Mebibyte);
        var (roomy, tight) = (new ControlGroupHeadroom("/roomy", 1024 * Mebibyte, 100 * Mebibyte, 0, 0, 60 * Mebibyte), new ControlGroupHeadroom("/tight", 900 * Mebibyte, 890 * Mebibyte, 30 * Mebibyte, 0, 30 * Mebibyte));
        _kernel.Groups = [roomy, tight];
        var refused = provisioner.Withdraw();
        Assert.False(refused.IsDone);
        Assert.Equal("/swap/samepage-1.swap holds 90 MiB, and control group /tight, of which 30 MiB are in swap, could take back 40 MiB - 16 MiB reserve: it stays", refused.Reason);
        Assert.Single(_kernel.Areas);
        _kernel.Groups = [roomy, tight with { UsedBytes = 880 * Mebibyte }];
        Assert.True(provisioner.Withdraw().IsDone);
    }

    /// <summary>A full group with nothing in swap, or with swap elsewhere than in the area that goes, is no reason.</summary>
    [Fact]
    public void A_full_group_without_anything_in_it_keeps_no_swap()
    {
        using var provisioner = Open();
        provisioner.Provision(100 * Mebibyte);
        _kernel.Groups = [new ControlGroupHeadroom("/full", 64 * Mebibyte, 64 * Mebibyte, 0, 0, 0), new ControlGroupHeadroom("/elsewhere", 64 * Mebibyte, 64 * Mebibyte, 0, 0, 30 * Mebibyte)];
        Assert.True(provisioner.Withdraw().IsDone);
    }

    [Fact]
    public void A_refused_area_leaves_nothing_behind()
    {
        foreach (var kind in new[] { SwapKind.File, SwapKind.Zram })
        {
            using var provisioner = Open(kind);
            _kernel.SwitchOnError = Errno.EINVAL;
            var refused = provisioner.Provision(100 * Mebibyte);
            Assert.False(refused.IsDone);
            Assert.Contains("EINVAL", refused.Reason, StringComparison.Ordinal);
            AssertNothingIsLeft();
        }
    }

    /// <summary>As on a full disk: what could not be noted is not provided, and takes nothing of the cap.</summary>
    [Theory]
    [InlineData(SwapKind.File)]
    [InlineData(SwapKind.Zram)]
    public void What_cannot_be_noted_is_not_provided(SwapKind kind)
    {
        using var provisioner = Open(kind);
        Directory.Delete(_tree.Root, recursive: true);
        for (var time = 0; time < 5; time++)
        {
            Assert.False(provisioner.Provision(100 * Mebibyte).IsDone);
            Assert.Equal(0, provisioner.ProvidedBytes);
        }

        Directory.CreateDirectory(_tree.Root);
        Assert.Equal(200 * Mebibyte, provisioner.Provision(200 * Mebibyte).Bytes);
        Assert.Single(_kernel.Areas);
    }

    [Fact]
    public void A_file_system_that_cannot_and_a_full_disk_are_refused_with_the_reason()
    {
        using var provisioner = Open();
        _kernel.Support = SwapFile.SupportOf(0x9123683E);
        Assert.Contains("btrfs takes no swap file", provisioner.Provision(100 * Mebibyte).Reason, StringComparison.Ordinal);
        _kernel.Support = SwapFile.SupportOf(0xEF53);
        _kernel.DiskFreeBytes = 20L << 30;
        Assert.Contains("no room for 100 MiB", provisioner.Provision(100 * Mebibyte).Reason, StringComparison.Ordinal);
        AssertNothingIsLeft();
    }

    [Fact]
    public void One_process_at_a_time()
    {
        using var first = Open();
        Assert.Throws<SwapHeldException>(() => Open());
    }

    /// <summary>Killed before or after each call that changes something, provisioning and withdrawing; then restarted.</summary>
    [Theory]
    [InlineData(SwapKind.File)]
    [InlineData(SwapKind.Zram)]
    public void Killed_at_any_moment_the_next_start_puts_things_right(SwapKind kind)
    {
        var deaths = 0;
        foreach (var diesAfter in new[] { false, true })
        {
            for (var calls = 0; calls < 12; calls++)
            {
                (_kernel.CallsLeft, _kernel.DiesAfter) = (calls, diesAfter);
                deaths += UntilKilled(kind) ? 1 : 0;
                _kernel.CallsLeft = int.MaxValue;
                using (var next = Open(kind))
                {
                    Assert.Equal(_kernel.Areas.Count, next.ProvidedBytes / (64 * Mebibyte));
                    while (next.ProvidedBytes > 0)
                    {
                        Assert.True(next.Withdraw().IsDone);
                    }
                }

                // The one moment between making a device and noting its number.
                Assert.Empty(_kernel.Areas);
                Assert.Empty(_kernel.Files);
                Assert.InRange(_kernel.Devices.Count, 1, kind == SwapKind.Zram && diesAfter ? 3 : 1);
                Assert.Contains(0, _kernel.Devices);
            }
        }

        Assert.InRange(deaths, 10, 24);
    }

    [Fact]
    public void After_a_restart_of_the_machine_files_are_removed_and_devices_forgotten()
    {
        foreach (var kind in new[] { SwapKind.File, SwapKind.Zram })
        {
            _kernel.BootId = "first";
            using (var first = Open(kind))
            {
                Assert.True(first.Provision(64 * Mebibyte).IsDone);
            }

            _kernel.Restart();
            using var next = Open(kind);
            Assert.Single(next.Findings);
            Assert.Equal(0, next.ProvidedBytes);
            AssertNothingIsLeft();
        }
    }

    [Fact]
    public void A_record_that_is_none_is_kept_out_of_the_way()
    {
        _tree["swap-areas"] = "hello";
        using var provisioner = Open();
        Assert.Contains(".unreadable", provisioner.Findings.Single(), StringComparison.Ordinal);
        Assert.Equal("hello", File.ReadAllText(_tree.PathOf("swap-areas.unreadable")));
    }

    [Theory]
    [InlineData("samepage swap 1\nboot x\nfile 5 /a b/c\nzram 7 3\nzram 9 \n", 3)]
    [InlineData("samepage swap 1\nboot x\n", 0)]
    [InlineData("samepage swap 1\nboot x\ntape 5 /a\n", null)]
    [InlineData("samepage swap 1\nboot x\nfile -5 /a\n", null)]
    [InlineData("samepage swap 2\nboot x\n", null)]
    [InlineData("", null)]
    public void Records_are_read_back(string text, int? entries)
    {
        var record = SwapRecord.Parse(text);
        Assert.Equal(entries, record?.Entries.Count);
        Assert.True(record is null || record.ToString() == text);
    }

    [Fact]
    public void The_header_is_the_one_that_mkswap_writes()
    {
        var header = SwapSpace.Header(64 * Mebibyte, "samepage");
        Assert.Equal("SWAPSPACE2", System.Text.Encoding.ASCII.GetString(header, 4086, 10));
        Assert.Equal((1, (64 << 8) - 1), (BitConverter.ToInt32(header, 1024), BitConverter.ToInt32(header, 1028)));
        Assert.Equal("samepage", SwapSpace.LabelOf(header));
        Assert.Null(SwapSpace.LabelOf(new byte[4096]));
    }

    [Fact]
    public void Areas_are_read_with_their_names_unescaped()
    {
        const string Text = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/a\\040b.swap                            file\t\t65532\t\t12\t\t-2\nnonsense\n";
        Assert.Equal([new SwapArea("/a b.swap", 65532 * 1024, 12 * 1024, -2)], SwapArea.Parse(Text));
    }

    private bool UntilKilled(SwapKind kind)
    {
        SwapProvisioner? provisioner = null;
        try
        {
            provisioner = Open(kind);
            provisioner.Provision(64 * Mebibyte);
            provisioner.Provision(64 * Mebibyte);
            provisioner.Withdraw();
            return false;
        }
        catch (KilledException)
        {
            return true;
        }
        finally
        {
            // The kernel drops a dead process's lock.
            provisioner?.Dispose();
        }
    }

    private void AssertNothingIsLeft()
    {
        Assert.Empty(_kernel.Areas);
        Assert.Empty(_kernel.Files);
        Assert.Equal([0], _kernel.Devices);
        Assert.False(File.Exists(_tree.PathOf("swap-areas")));
    }
}
