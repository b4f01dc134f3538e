using System.Globalization;
using System.Text;
using Samepage.Linux;
using Samepage.Linux.Proc;

namespace Samepage.Server.Rules;

/// <summary>
/// The processes that Samepage switched on, as opposed to those that asked by themselves, and those of them that it
/// switched off again because they cost more than they saved. Kept on disk, since merging outlives the daemon. Not
/// thread-safe.
/// </summary>
/// <param name="stateDirectory">Where; null keeps nothing.</param>
/// <param name="proc">Tells one boot from another.</param>
public sealed class SwitchedOn(string? stateDirectory, ProcFs proc)
{
    private const string Heading = "samepage switched on 1";
    private readonly string? _path = stateDirectory is null ? null : Path.Combine(stateDirectory, "switched-on");
    private readonly Dictionary<(int Pid, long StartTicks), bool> _known = [];

    /// <summary>How many processes are switched on.</summary>
    public int Count => _known.Count(pair => pair.Value);

    /// <summary>Those that are switched on.</summary>
    public IReadOnlyList<(int Pid, long StartTicks)> All => [.. _known.Where(pair => pair.Value).Select(pair => pair.Key)];

    /// <summary>Whether Samepage switched it on.</summary>
    public bool IsOn(int pid, long startTicks) => _known.GetValueOrDefault((pid, startTicks));

    /// <summary>Whether Samepage switched it off again, and will not switch it on a second time.</summary>
    public bool IsDeclined(int pid, long startTicks) => _known.TryGetValue((pid, startTicks), out var isOn) && !isOn;

    /// <summary>Reads what an earlier daemon kept, if that was in this boot.</summary>
    public void Load()
    {
        var lines = (_path is null ? null : KernelFile.TryReadText(_path))?.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines is not [Heading, var boot, .. var entries] || boot != Boot())
        {
            return;
        }

        foreach (var entry in entries)
        {
            if (entry.Split(' ') is [var pid, var start, "on" or "declined"]
                && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && long.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks))
            {
                _known[(number, ticks)] = entry.EndsWith(" on", StringComparison.Ordinal);
            }
        }
    }

    /// <summary>Notes a change, on disk too.</summary>
    /// <exception cref="IOException">It could not be kept; it is known all the same, until the daemon ends.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Note(IEnumerable<(int Pid, long StartTicks)> processes, bool isOn)
    {
        foreach (var process in processes)
        {
            _known[process] = isOn;
        }

        Save();
    }

    /// <summary>Forgets processes: they have ended, or are not ours any more.</summary>
    /// <exception cref="IOException">As above.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Forget(Func<(int Pid, long StartTicks), bool> isGone)
    {
        var gone = _known.Keys.Where(isGone).ToList();
        if (gone.Count > 0)
        {
            gone.ForEach(process => _known.Remove(process));
            Save();
        }
    }

    private string Boot() => KernelFile.TryReadText($"{proc.Root}/sys/kernel/random/boot_id")?.Trim() ?? "unknown";

    private void Save()
    {
        if (_path is null)
        {
            return;
        }

        var text = new StringBuilder($"{Heading}\n{Boot()}\n");
        foreach (var ((pid, start), isOn) in _known)
        {
            text.Append(CultureInfo.InvariantCulture, $"{pid} {start} {(isOn ? "on" : "declined")}\n");
        }

        File.WriteAllText(_path + ".tmp", text.ToString());
        File.Move(_path + ".tmp", _path, overwrite: true);
    }
}
