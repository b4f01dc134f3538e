using System.Net;
using System.Net.Sockets;

namespace Samepage.SystemTests;

/// <summary>Addresses of this machine that nobody else can reach.</summary>
internal static class Loopback
{
    /// <summary>One that nobody listened on a moment ago.</summary>
    public static IPEndPoint Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return (IPEndPoint)listener.LocalEndpoint;
    }
}
