using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Pipes;
using System.Text.Json;

namespace Samepage.Scenarios.Browsers;

/// <summary>
/// The DevTools protocol over two pipes: a browser so driven listens on no port, so that nobody else of the machine can
/// drive it. Messages are JSON and end with a zero byte. Not thread-safe.
/// </summary>
internal sealed class BrowserPipe : IDisposable
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(200);

    /// <summary>Not inheritable, so that they reach no program but the one that opens them by name.</summary>
    private readonly AnonymousPipeServerStream _to = new(PipeDirection.Out, HandleInheritability.None);
    private readonly AnonymousPipeServerStream _from = new(PipeDirection.In, HandleInheritability.None);

    /// <summary>What came and was not asked for yet; complete when the browser has closed its end.</summary>
    private readonly BlockingCollection<byte[]> _messages = [];
    private bool _isConnected;
    private int _number;

    public BrowserPipe() => new Thread(Hear) { IsBackground = true, Name = "browser pipe" }.Start();

    /// <summary>The name under which the browser's side can open what it reads from.</summary>
    public string ReadEnd => NameOf(_to);

    /// <summary>The same for what it writes to.</summary>
    public string WriteEnd => NameOf(_from);

    /// <summary>Asks one question and waits for its answer; events that come between are passed over.</summary>
    /// <param name="method">Of the protocol.</param>
    /// <param name="session">The page's session; null for the browser itself.</param>
    /// <param name="patience">How long to wait.</param>
    /// <param name="hasEnded">Whether there is nobody any more to answer.</param>
    /// <param name="parameters">Writes the parameters; may be null.</param>
    /// <param name="cancel">Calls the wait off.</param>
    /// <exception cref="ScenarioException">It has ended, does not answer, or answers with an error.</exception>
    public JsonElement Ask(
        string method, string? session, TimeSpan patience, Func<bool> hasEnded, Action<Utf8JsonWriter>? parameters,
        CancellationToken cancel)
    {
        Send(++_number, method, session, parameters);
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < patience;)
        {
            if (!_messages.TryTake(out var message, (int)s_look.TotalMilliseconds, cancel))
            {
                if (_messages.IsCompleted || hasEnded())
                {
                    throw new ScenarioException("the browser has ended");
                }

                continue;
            }

            var answer = JsonDocument.Parse(message).RootElement;
            if (answer.TryGetProperty("id", out var id) && id.GetInt32() == _number)
            {
                Connected();
                return answer.TryGetProperty("result", out var result)
                    ? result
                    : throw new ScenarioException($"the browser refused {method}: {answer.GetProperty("error").GetRawText()}");
            }
        }

        throw new ScenarioException($"the browser did not answer {method} for {patience.TotalSeconds:0} s");
    }

    public void Dispose()
    {
        Connected();
        _to.Dispose();
    }

    private static string NameOf(AnonymousPipeServerStream pipe) => FormattableString.Invariant(
        $"/proc/{Environment.ProcessId}/fd/{pipe.ClientSafePipeHandle.DangerousGetHandle()}");

    /// <summary>Once the browser holds its ends, ours of the same go: then its end is heard of.</summary>
    private void Connected()
    {
        if (!_isConnected)
        {
            _isConnected = true;
            _to.DisposeLocalCopyOfClientHandle();
            _from.DisposeLocalCopyOfClientHandle();
        }
    }

    private void Send(int number, string method, string? session, Action<Utf8JsonWriter>? parameters)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("id", number);
            json.WriteString("method", method);
            if (session is not null)
            {
                json.WriteString("sessionId", session);
            }

            json.WriteStartObject("params");
            parameters?.Invoke(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        try
        {
            _to.Write([.. buffer.WrittenSpan, 0]);
        }
        catch (IOException)
        {
            throw new ScenarioException("the browser has ended");
        }
    }

    private void Hear()
    {
        var (chunk, message) = (new byte[1 << 16], new MemoryStream());
        try
        {
            for (int got; (got = _from.Read(chunk)) > 0;)
            {
                foreach (var value in chunk.AsSpan(0, got))
                {
                    if (value != 0)
                    {
                        message.WriteByte(value);
                        continue;
                    }

                    _messages.Add(message.ToArray());
                    message.SetLength(0);
                }
            }
        }
        finally
        {
            _messages.CompleteAdding();
            _from.Dispose();
        }
    }
}
