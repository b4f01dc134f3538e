using Samepage.Server.Http;

namespace Samepage.Server.History;

/// <summary>Answers questions about the history by HTTP, one after the other. Thread-safe.</summary>
/// <param name="path">The file; null where no history is kept.</param>
/// <param name="clock">Tells the time of day.</param>
/// <param name="suspect">Told where the file is broken.</param>
public sealed class HistoryDesk(Func<string?> path, TimeProvider clock, Action suspect)
{
    /// <summary>An answer takes milliseconds. Many at once would each take memory and none be sooner.</summary>
    private readonly Lock _lock = new();

    /// <summary>Answers a query as it stands behind the path.</summary>
    public HttpAnswer Answer(string query)
    {
        if (path() is not { } file)
        {
            return HttpAnswer.Of(404, HttpAnswer.Text, "no history is kept: [history] enabled is false, or the daemon acts on nothing (--dry-run)\n");
        }

        var now = clock.GetUtcNow();
        if (HistoryQuery.TryParse(query, now, out var wrong) is not { } question)
        {
            return HttpAnswer.Of(400, HttpAnswer.Text, wrong + "\n");
        }

        try
        {
            lock (_lock)
            {
                using var reader = new HistoryReader(file);
                return new HttpAnswer(200, HttpAnswer.Json, reader.Read(question, now.ToUnixTimeSeconds()).ToJson());
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
}
