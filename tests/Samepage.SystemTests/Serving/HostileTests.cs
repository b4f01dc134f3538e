using System.Diagnostics;
using System.Net;
using Samepage.Bench.Footprint;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Server.Http;

namespace Samepage.SystemTests.Serving;

/// <summary>What clients of a real daemon can cost it by HTTP who are slow, silent, or ask for much and read nothing.</summary>
public sealed class HostileTests : IDisposable
{
    /// <summary>A document that is not small.</summary>
    private const string Path = "/page/uplot.js";

    /// <summary>What they may cost altogether, and how long they may hold their places: both far below what they try.</summary>
    private const long BytesMax = 16L << 20;

    private static readonly TimeSpan s_patience = 2 * HttpServer.AnswerTimeout;
    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-hostile-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void They_cost_bounded_memory_and_time_and_others_are_served()
    {
        using var daemon = new ServeProcess(_directory, "", "--dry-run");
        daemon.Expect("READY=1");
        var before = Sockets(daemon);
        var document = daemon.Get(Path).Text.Length;
        var peakBefore = PeakBytes(daemon);

        // They take every place that there is.
        using var clients = new HostileClients(new IPEndPoint(IPAddress.Loopback, daemon.Port), Path, HttpServer.ConnectionsMax);
        var asked = (long)clients.Readless * HostileClients.RequestsEach * document;
        Assert.True(asked > 3 * BytesMax, $"they ask for {asked} bytes only, which proves nothing");
        daemon.Until(() => Sockets(daemon) >= before + clients.Readless, "the hostile clients' connections");
        var clock = Stopwatch.StartNew();
        for (var served = 0; Sockets(daemon) > before; served++)
        {
            Assert.True(clock.Elapsed < s_patience, $"after {clock.Elapsed} there are {Sockets(daemon) - before} connections still: {daemon.Log}");
            clients.Dribble();
            if (served % 10 == 0)
            {
                Assert.Equal(HttpStatusCode.OK, daemon.Get("/healthz").Status);
            }

            Thread.Sleep(100);
        }

        var cost = PeakBytes(daemon) - peakBefore;
        Assert.True(cost < BytesMax, $"they cost {cost} bytes of the {asked} that they asked for");
        Assert.Equal(0, daemon.End("TERM"));
    }

    private static int Sockets(ServeProcess daemon) => HostileClients.SocketsOf(daemon.Pid);

    private static long PeakBytes(ServeProcess daemon) => KeyedText.Parse(KernelFile.ReadText($"/proc/{daemon.Pid}/status")).Bytes("VmHWM")!.Value;
}
