using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Samepage.Policies;

namespace Samepage.Server.History.Recording;

/// <summary>What goes into a record besides its head.</summary>
/// <param name="Policy">The policy; arguments of commands are left out, because they may hold secrets.</param>
/// <param name="Doctor">What <c>samepage doctor --json</c> says.</param>
/// <param name="Status">The daemon's status; null where none runs.</param>
/// <param name="HistoryPath">The history; null where there is none.</param>
/// <param name="Samples">The samples of the host that were taken for it.</param>
public sealed record RecordParts(Policy Policy, string Doctor, byte[]? Status, string? HistoryPath, IReadOnlyList<RecordedSample> Samples);

/// <summary>Writes a host's story into one file: a zip archive of what stands in <see cref="RecordFiles"/>.</summary>
public static class Recorder
{
    /// <summary>Writes a record.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="head">What it is of.</param>
    /// <param name="parts">What is in it.</param>
    /// <exception cref="IOException">It cannot be written, or the history cannot be read.</exception>
    public static void Write(Stream to, RecordHead head, RecordParts parts)
    {
        using var archive = new ZipArchive(to, ZipArchiveMode.Create, leaveOpen: true);
        Add(archive, RecordFiles.Head, JsonSerializer.SerializeToUtf8Bytes(head, RecordJson.Default.RecordHead));
        Add(archive, RecordFiles.Policy, Encoding.UTF8.GetBytes(PolicyText.Write(WithoutSecrets(parts.Policy))));
        Add(archive, RecordFiles.Doctor, Encoding.UTF8.GetBytes(parts.Doctor));
        if (parts.Status is { } status)
        {
            Add(archive, RecordFiles.Status, status);
        }

        AddSamples(archive, parts.Samples);
        if (parts.HistoryPath is { } history)
        {
            AddHistory(archive, history);
        }
    }

    private static Policy WithoutSecrets(Policy policy) => policy.Guard.WarningCommand is [var program, _, ..]
        ? policy with { Guard = policy.Guard with { WarningCommand = [program, "..."] } }
        : policy;

    private static void Add(ZipArchive archive, string name, byte[] bytes)
    {
        using var entry = archive.CreateEntry(name, CompressionLevel.Optimal).Open();
        entry.Write(bytes);
    }

    private static void AddSamples(ZipArchive archive, IReadOnlyList<RecordedSample> samples)
    {
        if (samples.Count == 0)
        {
            return;
        }

        using var entry = archive.CreateEntry(RecordFiles.Samples, CompressionLevel.Optimal).Open();
        foreach (var sample in samples)
        {
            JsonSerializer.Serialize(entry, sample, RecordJson.Default.RecordedSample);
            entry.WriteByte((byte)'\n');
        }
    }

    /// <summary>A copy of one moment, whoever writes meanwhile. It lies in the directory for temporary files for as long as it takes.</summary>
    private static void AddHistory(ZipArchive archive, string path)
    {
        var directory = Directory.CreateTempSubdirectory("samepage-record-");
        try
        {
            var copy = Path.Combine(directory.FullName, RecordFiles.History);
            using (var reader = new HistoryReader(path))
            {
                reader.CopyTo(copy);
            }

            archive.CreateEntryFromFile(copy, RecordFiles.History, CompressionLevel.Optimal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
