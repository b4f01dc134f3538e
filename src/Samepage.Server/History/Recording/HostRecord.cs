using System.IO.Compression;
using System.Text.Json;

namespace Samepage.Server.History.Recording;

/// <summary>Reads a record. What comes from a stranger is bounded, and none of it is executed or left lying about.</summary>
public sealed class HostRecord : IDisposable
{
    private readonly ZipArchive _archive;
    private readonly string _path;

    private HostRecord(string path, ZipArchive archive, RecordHead head) => (_path, _archive, Head) = (path, archive, head);

    /// <summary>What it is of.</summary>
    public RecordHead Head { get; }

    /// <summary>Opens a record.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static HostRecord Open(string path)
    {
        ZipArchive? archive = null;
        try
        {
            archive = new ZipArchive(File.OpenRead(path), ZipArchiveMode.Read);
            using var head = Bounded(archive, RecordFiles.Head) ?? throw new InvalidDataException($"it has no {RecordFiles.Head}");
            return JsonSerializer.Deserialize(head, RecordJson.Default.RecordHead) is { Schema: RecordHead.SchemaName } read
                ? new HostRecord(path, archive, read)
                : throw new InvalidDataException("it is of another kind, or of a newer samepage");
        }
        catch (Exception wrong) when (wrong is InvalidDataException or JsonException)
        {
            archive?.Dispose();
            throw new InvalidDataException($"{path} is no record of samepage: {wrong.Message.ReplaceLineEndings(" ")}");
        }
        catch
        {
            archive?.Dispose();
            throw;
        }
    }

    /// <summary>The samples of the host, in the order in which they were taken.</summary>
    /// <exception cref="InvalidDataException">A line is none.</exception>
    public IEnumerable<RecordedSample> Samples()
    {
        using var stream = Bounded(_archive, RecordFiles.Samples);
        if (stream is null)
        {
            yield break;
        }

        using var lines = new StreamReader(stream);
        var number = 0;
        while (lines.ReadLine() is { } line)
        {
            number++;
            yield return Parse(line, number);
        }
    }

    /// <summary>The history; null where the record has none. The copy of it is gone already: only the reader still has it.</summary>
    /// <exception cref="HistoryException">It is broken.</exception>
    public HistoryReader? OpenHistory()
    {
        if (_archive.GetEntry(RecordFiles.History) is not { } entry)
        {
            return null;
        }

        if (entry.Length > RecordFiles.HistoryBytesMax)
        {
            throw new InvalidDataException($"{_path}: its history is larger than any");
        }

        var directory = Directory.CreateTempSubdirectory("samepage-replay-");
        try
        {
            var file = Path.Combine(directory.FullName, RecordFiles.History);
            entry.ExtractToFile(file);
            return new HistoryReader(file);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _archive.Dispose();

    private RecordedSample Parse(string line, int number)
    {
        try
        {
            return JsonSerializer.Deserialize(line, RecordJson.Default.RecordedSample) ?? throw new JsonException("null");
        }
        catch (JsonException wrong)
        {
            throw new InvalidDataException($"{_path}: {RecordFiles.Samples}:{number}: {wrong.Message}");
        }
    }

    /// <summary>The length that an archive states bounds what comes out of it.</summary>
    private static Stream? Bounded(ZipArchive archive, string name) => archive.GetEntry(name) switch
    {
        null => null,
        { Length: > RecordFiles.TextBytesMax } => throw new InvalidDataException($"its {name} is larger than any"),
        var entry => entry.Open(),
    };
}
