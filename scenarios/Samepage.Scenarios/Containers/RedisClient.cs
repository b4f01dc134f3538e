using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Samepage.Scenarios.Containers;

/// <summary>
/// Asks a Redis server over its socket. Four commands of the protocol are all that a scenario needs, which is less than a
/// client library would bring along. Not thread-safe.
/// </summary>
internal sealed class RedisClient : IDisposable
{
    private readonly Socket _socket;
    private readonly BufferedStream _stream;

    private RedisClient(Socket socket, TimeSpan patience)
    {
        _socket = socket;
        (_socket.ReceiveTimeout, _socket.SendTimeout) = ((int)patience.TotalMilliseconds, (int)patience.TotalMilliseconds);
        _stream = new BufferedStream(new NetworkStream(_socket, ownsSocket: true), 1 << 16);
    }

    /// <summary>Connects; null where nobody listens (yet).</summary>
    public static RedisClient? TryConnect(string path, TimeSpan patience)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new RedisClient(socket, patience);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <summary>Sends a command and reads its answer: one value for each that the answer has; null for one that is not there.</summary>
    /// <exception cref="ScenarioException">The server refused it, has ended, or does not answer.</exception>
    public IReadOnlyList<byte[]?> Ask(params IReadOnlyList<byte[]> words)
    {
        try
        {
            Write($"*{words.Count}\r\n");
            foreach (var word in words)
            {
                Write($"${word.Length}\r\n");
                _stream.Write(word);
                Write("\r\n");
            }

            _stream.Flush();
            return ReadAnswer();
        }
        catch (IOException error)
        {
            throw new ScenarioException($"the server does not answer: {error.Message}");
        }
    }

    /// <summary>The same with words that are text.</summary>
    public IReadOnlyList<byte[]?> Ask(params IEnumerable<string> words) =>
        Ask((IReadOnlyList<byte[]>)[.. words.Select(Encoding.ASCII.GetBytes)]);

    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }

    private void Write(string text) => _stream.Write(Encoding.ASCII.GetBytes(text));

    private IReadOnlyList<byte[]?> ReadAnswer()
    {
        var line = ReadLine();
        return (line[0], line[1..]) switch
        {
            ('-', var error) => throw new ScenarioException($"the server says: {error}"),
            ('*', var count) => [.. Enumerable.Range(0, Number(count)).Select(_ => ReadAnswer()[0])],
            ('$', "-1") => [null],
            ('$', var length) => [ReadBytes(Number(length))],
            (_, var text) => [Encoding.ASCII.GetBytes(text)],
        };
    }

    private byte[] ReadBytes(int length)
    {
        var bytes = new byte[length + 2];
        _stream.ReadExactly(bytes);
        return bytes[..length];
    }

    private string ReadLine()
    {
        var line = new StringBuilder();
        while (!(line.Length > 1 && line[^1] == '\n'))
        {
            var value = _stream.ReadByte();
            line.Append(value < 0 ? throw new EndOfStreamException("it has closed the connection") : (char)value);
        }

        return line.ToString(0, line.Length - 2);
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
