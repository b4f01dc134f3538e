using System.Net;
using System.Net.Sockets;
using Samepage.Scenarios;
using Samepage.Scenarios.Guests;

namespace Samepage.Bench.Contest;

/// <summary>Guests from one recipe, with a Redis in each that the host reaches; ended when disposed of.</summary>
internal sealed class ServedGuests : IDisposable
{
    /// <summary>What the server and its libraries take of a guest, as an archive and unpacked.</summary>
    private const int ServiceMegabytes = 64;

    private readonly ProgramFleet _fleet;

    /// <summary>Starts them and waits until all are up.</summary>
    /// <param name="work">How many, and how large.</param>
    /// <param name="environment">What the emulators find in their environment.</param>
    /// <param name="isOffered">Whether their memory is to be merged at all.</param>
    public ServedGuests(ServedWork work, IReadOnlyDictionary<string, string> environment, bool isOffered = true)
    {
        var tools = Tools(out var service);
        var image = GuestImage.Prepare(tools, GuestImage.SharedBytesFor(work.Megabytes - ServiceMegabytes), CacheDirectory.Default, service: service);
        Ports = FreePorts(work.Guests);
        _fleet = new ProgramFleet([.. Ports.Select((port, at) => new Guest(
            tools, tools.Kernels[0], image, new GuestOptions(at + 1, work.Megabytes)
            {
                MergesMemory = isOffered,
                Environment = environment,
                Forward = (port, service.Port),
            }))]);
        _fleet.Start(null, CancellationToken.None);
    }

    /// <summary>Where each guest's server is on this machine.</summary>
    public IReadOnlyList<int> Ports { get; }

    public IReadOnlyList<int> Pids => [.. _fleet.Programs.Select(program => program.Pid)];

    /// <summary>What is missing on this machine; null where all is there.</summary>
    public static string? Missing()
    {
        var tools = GuestTools.Find(out var missing);
        string? redis = null;
        _ = tools is null ? null : GuestService.Redis(tools.Kernels[0], out redis);
        return missing.Count > 0 ? string.Join(", ", missing) : redis;
    }

    /// <summary>How many of them hold, to the last byte, what they should.</summary>
    public int Verify() => _fleet.Verify(CancellationToken.None).Count(check => check is { IsUnchanged: true });

    public void Dispose() => _fleet.Dispose();

    private static GuestTools Tools(out GuestService service)
    {
        var tools = GuestTools.Find(out var missing)
            ?? throw new InvalidOperationException("no guests here; missing: " + string.Join(", ", missing));
        service = GuestService.Redis(tools.Kernels[0], out var absent) ?? throw new InvalidOperationException("missing: " + absent);
        return tools;
    }

    /// <summary>Ports that nobody has now. All are held until the last is known, so that none is given twice.</summary>
    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        try
        {
            listeners.ForEach(listener => listener.Start());
            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            listeners.ForEach(listener => listener.Dispose());
        }
    }
}
