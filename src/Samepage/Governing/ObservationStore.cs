using System.Globalization;
using System.Text;
using Samepage.Linux;
using Samepage.Linux.Proc;

namespace Samepage.Governing;

/// <summary>What one look leaves for the next, so that a command that looks once can speak of growth.</summary>
/// <param name="Memory">What the tracker knew.</param>
/// <param name="KsmdCpuSeconds">ksmd's CPU time then; null where it could not be seen.</param>
public sealed record Observation(ConvergenceMemory Memory, double? KsmdCpuSeconds);

/// <summary>
/// Keeps one observation in a small text file, until the next boot. It is a convenience and never an obstacle: what
/// cannot be read, is not of this boot, or makes no sense is as good as nothing, and what cannot be written is left.
/// </summary>
/// <param name="directory">Where; null keeps nothing.</param>
/// <param name="proc">Tells one boot from another.</param>
public sealed class ObservationStore(string? directory, ProcFs proc)
{
    private const string Schema = "samepage.observation/1";
    private readonly string? _path = directory is null ? null : Path.Combine(directory, "ksmd-observation");

    /// <summary>/run/samepage for root, else below XDG_RUNTIME_DIR; null where there is neither.</summary>
    public static string? DefaultDirectory() => Environment.IsPrivilegedProcess
        ? "/run/samepage"
        : Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime ? Path.Combine(runtime, "samepage") : null;

    /// <summary>What was last kept in this boot, or null.</summary>
    public Observation? TryRead()
    {
        if (_path is null || KernelFile.TryReadText(_path) is not { Length: < 4096 } text)
        {
            return null;
        }

        var keyed = KeyedText.Parse(text);
        return keyed.Text("schema") == Schema && keyed.Text("boot_id") == BootId() ? Parse(keyed) : null;
    }

    /// <summary>Keeps an observation in place of the one before, in one step. Does nothing where it cannot.</summary>
    public void TryWrite(Observation observation)
    {
        if (_path is null)
        {
            return;
        }

        var draft = $"{_path}.{Environment.ProcessId}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            File.Delete(draft);
            using (var file = new FileStream(draft, FileMode.CreateNew, FileAccess.Write))
            {
                file.Write(Encoding.UTF8.GetBytes(Format(observation)));
            }

            File.Move(draft, _path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next look merely knows less.
        }
    }

    /// <summary>Forgets what was kept: after memory was newly offered, an earlier convergence says nothing.</summary>
    public void Forget()
    {
        try
        {
            if (_path is not null)
            {
                File.Delete(_path);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // As above.
        }
    }

    private string? BootId() => KernelFile.TryReadText($"{proc.Root}/sys/kernel/random/boot_id")?.Trim();

    private string Format(Observation observation)
    {
        var (last, memory) = (observation.Memory.Last, observation.Memory);
        return string.Create(CultureInfo.InvariantCulture, $"""
            schema {Schema}
            boot_id {BootId()}
            taken_at_milliseconds {last.TakenAt.ToUnixTimeMilliseconds()}
            scanning {(last.IsScanning ? 1 : 0)}
            full_scans {last.FullScans}
            saved_pages {last.SavedPages}
            tracked_pages {last.TrackedPages}
            skipped_pages {last.SkippedPages}
            quiet_since_full_scans {memory.QuietSinceFullScans}
            floor_saved_pages {memory.FloorSavedPages}
            floor_tracked_pages {memory.FloorTrackedPages}
            skipped_at_full_scans {memory.SkippedAtFullScans}
            grown {(memory.HasGrown ? 1 : 0)}
            ksmd_cpu_milliseconds {(long)((observation.KsmdCpuSeconds ?? -1) * 1000)}

            """);
    }

    private static Observation? Parse(KeyedText keyed)
    {
        var isWhole = true;
        long Number(string key, long least = 0)
        {
            var number = keyed.Number(key);
            isWhole &= number >= least;
            return number ?? 0;
        }

        var milliseconds = Number("taken_at_milliseconds");
        var last = new ConvergenceSample(
            DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(milliseconds, 0, 253_402_300_799_999)), Number("scanning") != 0,
            Number("full_scans"), Number("saved_pages"), Number("tracked_pages"), Number("skipped_pages"));
        var memory = new ConvergenceMemory(
            last, Number("quiet_since_full_scans"), Number("floor_saved_pages"), Number("floor_tracked_pages"),
            Number("skipped_at_full_scans", long.MinValue), Number("grown") != 0);
        var cpu = Number("ksmd_cpu_milliseconds", -1000);
        isWhole &= memory.QuietSinceFullScans <= last.FullScans && memory.SkippedAtFullScans <= last.FullScans
            && memory.FloorSavedPages <= last.SavedPages && memory.FloorTrackedPages <= last.TrackedPages
            && last.TakenAt <= DateTimeOffset.UtcNow;
        return isWhole ? new Observation(memory, cpu < 0 ? null : cpu / 1000.0) : null;
    }
}
