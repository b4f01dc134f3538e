using System.Buffers;
using Samepage.Server.Http;
using Samepage.Server.Loop;

namespace Samepage.Server.History;

/// <summary>Answers questions about the history by HTTP, one after the other. Thread-safe.</summary>
/// <param name="path">The file; null where no history is kept.</param>
/// <param name="clock">Tells the time of day.</param>
/// <param name="suspect">Told where the file is broken.</param>
public sealed class HistoryDesk(Func<string?> path, TimeProvider clock, Action suspect)
{
    /// <summary>An answer takes milliseconds. Many at once would each take memory and none be sooner.</summary>
    private readonly Lock _lock = new();

    /// <summary>Grows to the longest answer. Used under the lock.</summary>
    private readonly ArrayBufferWriter<byte> _room = new();

    /// <summary>Answers a query as it stands behind the path.</summary>
    public HttpAnswer Answer(string query)
    {
        var now = clock.GetUtcNow();
        return HistoryQuery.TryParse(query, now, out var wrong) is { } question
            ? Read(reader => reader.Read(question, now.ToUnixTimeSeconds()).ToJson(_room))
            : path() is null ? NotKept() : HttpAnswer.Of(400, HttpAnswer.Text, wrong + "\n");
    }

    /// <summary>The latest decisions before a time, as <c>samepage.decisions/1</c>: of the host and of processes, also those of daemons before this one.</summary>
    public HttpAnswer DecisionsBefore(DateTimeOffset time) => Read(reader => new DecisionList(DecisionList.SchemaName, null, reader.DecisionsBefore(time)).ToJson());

    private HttpAnswer Read(Func<HistoryReader, byte[]> read)
    {
        if (path() is not { } file)
        {
            return NotKept();
        }

        try
        {
            lock (_lock)
            {
                using var reader = new HistoryReader(file);
                return new HttpAnswer(200, HttpAnswer.Json, read(reader));
            }
        }
        catch (HistoryException trouble)
        {
            if (trouble.IsCorrupt)
            {
                suspect();
            }

            return HttpAnswer.Of(503, HttpAnswer.Text, $"the history cannot be read for now: {trouble.Message}\n");
        }
    }

    private static HttpAnswer NotKept() =>
        HttpAnswer.Of(404, HttpAnswer.Text, "no history is kept: [history] enabled is false, or the daemon acts on nothing (--dry-run)\n");
}
