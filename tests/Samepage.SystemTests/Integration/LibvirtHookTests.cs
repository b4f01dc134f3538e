using System.Net.Sockets;
using Samepage.Linux.Proc;

namespace Samepage.SystemTests.Integration;

/// <summary>Admission before a guest of libvirt starts, merging once it runs, and no guest kept from starting by our own faults.</summary>
public sealed class LibvirtHookTests : IDisposable
{
    private const string Gigabyte = "<memory unit='KiB'>1048576</memory>";
    private readonly LibvirtHook _hook = new();

    public void Dispose() => _hook.Dispose();

    [Theory]
    [InlineData(Gigabyte, 1L << 30)]
    [InlineData("<memory>1048576</memory>", 1L << 30)]
    [InlineData("<memory unit=\"MiB\" dumpCore='off'> 1536\n</memory>", 1536L << 20)]
    [InlineData("<memory dumpCore='on' unit='GiB'>512</memory>", 512L << 30)]
    [InlineData("<memory unit='GB'>2</memory>", 2_000_000_000)]
    [InlineData("<memory unit='bytes'>1073741824</memory>", 1L << 30)]
    [InlineData("<maxMemory slots='16' unit='KiB'>8388608</maxMemory>\n  <memory unit='KiB'>2097152</memory>", 2L << 30)]
    [InlineData("<!-- <memory unit='KiB'>1</memory> --><memory unit='TiB'>1</memory>", 1L << 40)]
    public void The_size_is_read_from_the_xml(string memory, long bytes)
    {
        _hook.Settings(_hook.Noting(0));
        var (status, _, errors) = _hook.Call("prepare begin", DomainXml.Of(memory));
        Assert.Equal((0, ""), (status, errors));
        Assert.Equal([$"admit --size {bytes}"], _hook.Calls);
    }

    [Theory]
    [InlineData("<memory unit='MiB'>1536</memory>", 1536L << 20)]
    [InlineData("<maxMemory slots='16' unit='GiB'>8</maxMemory><memory unit='GiB'>2</memory>", 2L << 30)]
    public void And_from_what_libvirt_itself_writes(string memory, long bytes)
    {
        _hook.Settings(_hook.Noting(0));
        var (status, _, errors) = _hook.Call("prepare begin", DomainXml.ByLibvirt(memory));
        Assert.Equal((0, ""), (status, errors));
        Assert.Equal([$"admit --size {bytes}"], _hook.Calls);
    }

    [Fact]
    public void A_guest_that_fits_is_admitted_and_one_that_does_not_is_refused_with_the_arithmetic()
    {
        Assert.Equal(0, _hook.Call("prepare begin", DomainXml.Of("<memory unit='MiB'>16</memory>")).Status);
        var (status, _, errors) = _hook.Call("prepare begin", DomainXml.Of("<memory unit='TiB'>60</memory>"));
        Assert.Equal(1, status);
        Assert.StartsWith("samepage: guest web: not admitted:\n", errors, StringComparison.Ordinal);
        Assert.Contains("TiB", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Guests_that_run_are_models_and_one_that_ends_meanwhile_is_none()
    {
        using var guest = new PageHolder("none", 10, contents: 10, seed: 1);
        _hook.Running("db", guest.Pid);
        _hook.Running("gone", int.MaxValue);
        _hook.Settings(_hook.Noting(0));
        Assert.Equal(0, _hook.Call("prepare begin", DomainXml.Of(Gigabyte)).Status);
        Assert.Equal([$"admit --size 1073741824 --like {guest.Pid}"], _hook.Calls);
        _hook.Settings(_hook.Noting(5));
        Assert.Equal(0, _hook.Call("prepare begin", DomainXml.Of(Gigabyte)).Status);
        Assert.Equal([$"admit --size 1073741824 --like {guest.Pid}", "admit --size 1073741824"], _hook.Calls[1..]);
        _hook.Settings(_hook.Noting(0), "LIKE=none");
        Assert.Equal(0, _hook.Call("prepare begin", DomainXml.Of(Gigabyte)).Status);
        Assert.Equal("admit --size 1073741824", _hook.Calls[^1]);
    }

    /// <summary>Missing, broken, slow, or given XML that says nothing: the guest starts, unless the operator is strict.</summary>
    [Theory]
    [InlineData("SAMEPAGE=/no/such/samepage", Gigabyte, "is not installed")]
    [InlineData("1", Gigabyte, "'samepage admit' failed: said")]
    [InlineData("2", Gigabyte, "'samepage admit' failed: said")]
    [InlineData("sleep", Gigabyte, "no answer to 'samepage admit' within 1 s")]
    [InlineData("0", "<memory unit='parsecs'>1</memory>", "does not say how much memory")]
    [InlineData("0", "", "does not say how much memory")]
    public void What_goes_wrong_here_keeps_no_guest_from_starting(string samepage, string memory, string said)
    {
        var setting = samepage.StartsWith("SAMEPAGE", StringComparison.Ordinal) ? samepage
            : samepage == "sleep" ? _hook.Noting(0, "sleep 30") : _hook.Noting(samepage[0] - '0');
        foreach (var (strict, wanted) in new[] { ("no", 0), ("yes", 1) })
        {
            _hook.Settings(setting, "TIMEOUT=1", $"STRICT={strict}");
            var (status, _, errors) = _hook.Call("prepare begin", DomainXml.Of(memory));
            Assert.Equal(wanted, status);
            Assert.StartsWith("samepage: guest web: ", errors, StringComparison.Ordinal);
            Assert.Contains(said, errors, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("prepare begin", "ADMIT=no")]
    [InlineData("start begin", "")]
    [InlineData("started begin", "ENABLE=no")]
    [InlineData("stopped end", "")]
    [InlineData("release end", "")]
    [InlineData("migrate begin", "")]
    [InlineData("reconnect begin", "")]
    public void Nobody_is_asked_about_anything_else(string operation, string setting)
    {
        _hook.Settings(_hook.Noting(6), setting);
        Assert.Equal((0, "", ""), _hook.Call(operation, DomainXml.Of(Gigabyte)));
        Assert.Empty(_hook.Calls);
    }

    [Fact]
    public void A_guest_that_runs_is_opted_in()
    {
        using var lease = KsmdLease.Take();
        using var guest = new PageHolder("none", 10, contents: 10, seed: 1);
        _hook.Running("web", guest.Pid);
        Assert.Equal((0, "", ""), _hook.Call("started begin", DomainXml.Of(Gigabyte)));
        Assert.True(KsmStat.TryRead(new ProcFs(), guest.Pid) is { MergeAny: true }, "it did not opt in");
        Assert.True(lease.Ksm.IsRunning);
    }

    [Fact]
    public void But_not_where_a_daemon_decides_or_the_domain_says_no()
    {
        using var guest = new PageHolder("none", 10, contents: 10, seed: 1);
        _hook.Running("web", guest.Pid);
        _hook.Settings(_hook.Noting(0));
        Assert.Equal(0, _hook.Call("started begin", DomainXml.Of(Gigabyte, "<memoryBacking><nosharepages/></memoryBacking>")).Status);
        var control = Path.Combine(_hook.RunDirectory, "control");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(control));
        _hook.Settings(_hook.Noting(0), $"CONTROL={control}");
        Assert.Equal(0, _hook.Call("started begin", DomainXml.Of(Gigabyte)).Status);
        Assert.Empty(_hook.Calls);
        _hook.Settings(_hook.Noting(0), $"CONTROL={control}", "ENABLE=yes");
        Assert.Equal(0, _hook.Call("started begin", DomainXml.Of(Gigabyte)).Status);
        Assert.Equal([$"enable --pid {guest.Pid}"], _hook.Calls);
    }

    [Fact]
    public void A_guest_s_name_is_nothing_but_a_name()
    {
        var name = "a b$(touch /tmp/samepage-hook-was-here)`id`;*";
        _hook.Settings(_hook.Noting(6));
        var (status, _, errors) = _hook.Call("prepare begin", DomainXml.Of(Gigabyte), name);
        Assert.Equal(1, status);
        Assert.StartsWith($"samepage: guest {name}: not admitted:", errors, StringComparison.Ordinal);
        Assert.False(File.Exists("/tmp/samepage-hook-was-here"));
    }
}
