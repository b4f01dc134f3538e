using System.Globalization;
using System.Text;
using Samepage.Linux;
using Samepage.Linux.Proc;

namespace Samepage.Governing;

/// <summary>One kernel setting that was changed.</summary>
/// <param name="File">Its file below the settings' directory.</param>
/// <param name="Found">The value that was there.</param>
/// <param name="Set">The value that was written over it.</param>
/// <param name="Before">The one before that, which still holds where the writing came to nothing.</param>
internal sealed record ChangedSetting(string File, string Found, string Set, string Before)
{
    /// <summary>Whether a value is one that was written here, and not somebody else's.</summary>
    public bool IsOurs(string value) => value == Set || value == Before;
}

/// <summary>What a process noted about the settings it changed: enough for another one to put them back.</summary>
/// <param name="Pid">Who changed them.</param>
/// <param name="StartTicks">When that process started; with its number it names it for ever.</param>
/// <param name="BootId">During which run of the machine: a restart has undone everything.</param>
/// <param name="Changes">The settings in the order in which they were changed.</param>
internal sealed record SettingsRecord(int Pid, long StartTicks, string BootId, IReadOnlyList<ChangedSetting> Changes)
{
    private const string Heading = "samepage saved settings 1";

    /// <summary>A record of this process without changes.</summary>
    public static SettingsRecord OfThisProcess(ProcFs proc) => new(
        Environment.ProcessId, ProcessStat.TryRead(proc, Environment.ProcessId)?.StartTicks ?? 0, CurrentBoot(proc), []);

    /// <summary>Names this run of the machine.</summary>
    public static string CurrentBoot(ProcFs proc) =>
        KernelFile.TryReadText($"{proc.Root}/sys/kernel/random/boot_id")?.Trim() ?? "unknown";

    /// <summary>Reads a record; null where the text is none.</summary>
    public static SettingsRecord? Parse(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length < 2 || lines[0] != Heading || lines[1].Split(' ') is not ["writer", var pid, var ticks, var boot]
            || !int.TryParse(pid, CultureInfo.InvariantCulture, out var number)
            || !long.TryParse(ticks, CultureInfo.InvariantCulture, out var start))
        {
            return null;
        }

        var changes = new List<ChangedSetting>();
        foreach (var line in lines[2..])
        {
            // A path in the file part would let a forged record write elsewhere.
            if (line.Split(' ') is not ["setting", var file, var found, var set, .. { Length: <= 1 } before] || file.Contains('/', StringComparison.Ordinal))
            {
                return null;
            }

            changes.Add(new ChangedSetting(file, found, set, before.Length > 0 ? before[0] : found));
        }

        return new SettingsRecord(number, start, boot, changes);
    }

    /// <summary>Whether the process that wrote it still lives.</summary>
    public bool IsWriterAlive(ProcFs proc) =>
        BootId == CurrentBoot(proc)
        && ProcessStat.TryRead(proc, Pid) is { } stat && stat.StartTicks == StartTicks && stat.State is not ('Z' or 'X');

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Heading);
        text.Append(CultureInfo.InvariantCulture, $"\nwriter {Pid} {StartTicks} {BootId}\n");
        foreach (var change in Changes)
        {
            text.Append(CultureInfo.InvariantCulture, $"setting {change.File} {change.Found} {change.Set} {change.Before}\n");
        }

        return text.ToString();
    }
}
