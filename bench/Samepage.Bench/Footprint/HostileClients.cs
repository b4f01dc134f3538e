using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Samepage.Bench.Footprint;

/// <summary>
/// Connections by HTTP that mean no good, in equal parts: who says nothing, who sends the head of a request a byte at a
/// time, and who asks for a document many times over and reads nothing of it. Not thread-safe; closed when disposed of.
/// </summary>
internal sealed class HostileClients : IDisposable
{
    /// <summary>How often one that reads nothing asks, all at once.</summary>
    public const int RequestsEach = 256;

    private static readonly byte[] s_head = Encoding.ASCII.GetBytes("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: " + new string('x', 4000));
    private readonly List<Socket> _all = [], _dribbling = [];
    private int _sent;

    /// <summary>Connects them.</summary>
    /// <param name="address">Of the server.</param>
    /// <param name="path">What is asked for and not read.</param>
    /// <param name="count">How many.</param>
    public HostileClients(IPEndPoint address, string path, int count)
    {
        var request = $"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n";
        var requests = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(request, RequestsEach)));
        try
        {
            for (var i = 0; i < count; i++)
            {
                // As little as the kernel lets one take, so that what is not read stays with the server.
                var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
                _all.Add(client);
                client.Connect(address);
                if (i % 3 == 1)
                {
                    _dribbling.Add(client);
                }
                else if (i % 3 == 2)
                {
                    client.Send(requests);
                    Readless++;
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How many sockets a process has open, those that it listens on among them.</summary>
    public static int SocketsOf(int pid) => new DirectoryInfo($"/proc/{pid}/fd").EnumerateFileSystemInfos()
        .Count(file => file.LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);

    /// <summary>How many of them ask and do not read.</summary>
    public int Readless { get; }

    /// <summary>Sends one more byte of each slow request; who was turned away is left out from then on.</summary>
    public void Dribble()
    {
        var next = s_head.AsSpan(_sent++ % s_head.Length, 1);
        foreach (var client in _dribbling.ToList())
        {
            try
            {
                client.Send(next);
            }
            catch (SocketException)
            {
                _dribbling.Remove(client);
            }
        }
    }

    public void Dispose() => _all.ForEach(client => client.Dispose());
}
