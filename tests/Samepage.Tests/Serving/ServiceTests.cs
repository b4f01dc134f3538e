using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Samepage.Server.Loop;
using Samepage.Server.Service;

namespace Samepage.Tests.Serving;

/// <summary>What the service manager and the journal are told.</summary>
public sealed class ServiceTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_manager_is_told_by_path_and_by_abstract_name(bool isAbstract)
    {
        var directory = Directory.CreateTempSubdirectory("samepage-notify-");
        try
        {
            var address = isAbstract ? $"@samepage-test-{Environment.ProcessId}" : Path.Combine(directory.FullName, "notify");
            using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 5000 };
            manager.Bind(new UnixDomainSocketEndPoint(isAbstract ? '\0' + address[1..] : address));
            var notifier = new ServiceNotifier(address, 3_000_000);
            notifier.Ready("all is well");
            Assert.Equal("READY=1\nSTATUS=all is well", Receive(manager));
            notifier.Reloading();
            var before = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
            var told = Receive(manager).Split('\n');
            Assert.Equal("RELOADING=1", told[0]);
            Assert.InRange(double.Parse(told[1]["MONOTONIC_USEC=".Length..], CultureInfo.InvariantCulture) / 1e6, before - 60, before + 1);
            notifier.Alive();
            notifier.Alive();
            notifier.Stopping();
            Assert.Equal(["WATCHDOG=1", "STOPPING=1"], [Receive(manager), Receive(manager)]);
            Assert.Equal(TimeSpan.FromSeconds(1.5), notifier.WatchdogEvery);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("relative")]
    [InlineData("/nowhere/at/all")]
    [InlineData("@")]
    public void A_manager_that_is_not_there_disturbs_nobody(string? address) => new ServiceNotifier(address, null).Ready("x");

    [Fact]
    public void Lines_are_lines_whatever_a_process_calls_itself()
    {
        using var stream = new MemoryStream();
        new ServiceLog(stream, isJournal: true).Write(LogLevel.Warning, "rules: evil\n<0>\e[2Jname");
        new ServiceLog(stream, isJournal: false).Write(LogLevel.Info, "calm");
        Assert.Equal("<4>rules: evil?<0>?[2Jname\nsamepage: calm\n", Encoding.UTF8.GetString(stream.ToArray()));
    }

    private static string Receive(Socket manager)
    {
        var buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, manager.Receive(buffer));
    }
}
