using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Governing;

/// <summary>
/// Changes ksmd's settings for a while and puts back what was found: on <see cref="Dispose"/>, or, where the process
/// was killed, at the next start of one that calls <see cref="RestoreLeftBehind"/>.
/// </summary>
/// <remarks>
/// Before a setting is written, the value found is on disk. One process at a time holds the settings: the values that a
/// second one would find are not the operator's. So whoever holds them has a lock of the host's, wherever its own record
/// lies, and whichever pid namespace it is in. A setting that somebody else has changed in the meantime is theirs and
/// stays. Not thread-safe.
/// </remarks>
public sealed class SavedSettings : IDisposable
{
    private const string FileName = "ksm-settings", DraftEnding = ".tmp";

    private readonly KsmSysfs _ksm;
    private readonly string _path;
    private SettingsRecord? _record;
    private int _lock;

    private SavedSettings(KsmSysfs ksm, string path, SettingsRecord record, int held) =>
        (_ksm, _path, _record, _lock) = (ksm, path, record, held);

    /// <summary>Whether a setting was changed and has yet to be put back.</summary>
    public bool HasChanges => _record is { Changes.Count: > 0 };

    /// <summary>Takes hold of the settings. Nothing is changed yet.</summary>
    /// <param name="ksm">The settings.</param>
    /// <param name="stateDirectory">Where the values found are kept; made where it is missing.</param>
    /// <param name="proc">Where processes are looked up.</param>
    /// <exception cref="SettingsHeldException">Another process holds them.</exception>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The caller may not write there.</exception>
    public static SavedSettings Take(KsmSysfs ksm, string stateDirectory, ProcFs proc)
    {
        var path = Path.Combine(stateDirectory, FileName);
        if (!TryLock(ksm, out var held))
        {
            throw new SettingsHeldException(ReadRecord(path)?.Pid ?? 0);
        }

        try
        {
            Restore(ksm, path, proc);
            return Take(ksm, stateDirectory, path, proc, held);
        }
        catch
        {
            FileHandle.Close(ref held);
            throw;
        }
    }

    private static SavedSettings Take(KsmSysfs ksm, string stateDirectory, string path, ProcFs proc, int held)
    {
        Directory.CreateDirectory(stateDirectory);
        var record = SettingsRecord.OfThisProcess(proc);
        var draft = WriteDraft(path, record);
        try
        {
            // Fails where the file exists: of two that come at once, one gets it.
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path) || !File.Exists(draft))
        {
            File.Delete(draft);
            throw new SettingsHeldException(ReadRecord(path)?.Pid ?? 0);
        }

        RemoveDrafts(stateDirectory);
        return new SavedSettings(ksm, path, record, held);
    }

    /// <summary>Who holds the settings now, to be asked before work that would be in vain; changes nothing.</summary>
    /// <param name="ksm">The settings.</param>
    /// <param name="stateDirectory">Where the values found are kept.</param>
    /// <param name="proc">Where processes are looked up.</param>
    /// <returns>The number of the process, 0 where that is not known here; null where <see cref="Take(KsmSysfs, string, ProcFs)"/> would find nobody.</returns>
    public static int? FindHolder(KsmSysfs ksm, string stateDirectory, ProcFs proc)
    {
        if (ReadRecord(Path.Combine(stateDirectory, FileName)) is { } record && record.IsWriterAlive(proc))
        {
            return record.Pid;
        }

        if (!File.Exists(LockPath(ksm)))
        {
            return null;
        }

        if (!TryLock(ksm, out var held))
        {
            return 0;
        }

        FileHandle.Close(ref held);
        return null;
    }

    /// <summary>Puts back what a process that is gone has left changed. Does nothing where there is nothing to do.</summary>
    /// <returns>What was put back, as "name value" texts.</returns>
    /// <exception cref="LinuxException">The kernel refused a value, or the caller may not write the settings.</exception>
    public static IReadOnlyList<string> RestoreLeftBehind(KsmSysfs ksm, string stateDirectory, ProcFs proc)
    {
        var path = Path.Combine(stateDirectory, FileName);
        if (!File.Exists(path) || !TryLock(ksm, out var held))
        {
            // Whoever holds the lock lives, also where its process cannot be seen from here.
            return [];
        }

        try
        {
            return Restore(ksm, path, proc);
        }
        finally
        {
            FileHandle.Close(ref held);
        }
    }

    private static List<string> Restore(KsmSysfs ksm, string path, ProcFs proc)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        var record = ReadRecord(path);
        if (record is null)
        {
            // Written in one step, so this is not half a record but something else: out of the way, not lost.
            File.Move(path, path + ".unreadable", overwrite: true);
            return [];
        }

        if (record.IsWriterAlive(proc))
        {
            return [];
        }

        var restored = record.BootId == SettingsRecord.CurrentBoot(proc) ? PutBack(ksm, record) : [];
        Forget(path);
        return restored;
    }

    /// <summary>
    /// Lets a process that is started now take the settings as it finds them, and put them back so at its end. Nothing may
    /// be set here until then.
    /// </summary>
    /// <returns>To be disposed of once that process has ended: the settings are this one's alone again.</returns>
    public IDisposable Lend()
    {
        FileHandle.Close(ref _lock);
        return new Loan(this);
    }

    /// <summary>Changes one setting.</summary>
    /// <param name="file">Its name, for example <c>pages_to_scan</c>.</param>
    /// <param name="value">The new value.</param>
    /// <exception cref="LinuxException">The kernel refused it; the old value holds.</exception>
    /// <exception cref="IOException">It could not be noted, as on a full disk; the old value holds. ksmd is stopped all the same.</exception>
    public void Set(string file, string value)
    {
        var record = _record ?? throw new ObjectDisposedException(nameof(SavedSettings));
        var known = record.Changes.FirstOrDefault(change => change.File == file);
        var found = known?.Found ?? Current(_ksm, file);
        if (known is null && found == value)
        {
            return;
        }

        var others = record.Changes.Where(change => change != known);
        var next = record with { Changes = [.. others, new ChangedSetting(file, found, value, known?.Set ?? found)] };
        try
        {
            File.Move(WriteDraft(_path, next), _path, overwrite: true);
        }
        catch (Exception full) when ((file, value) == ("run", "0") && full is IOException or UnauthorizedAccessException)
        {
            // Budget and guard must be able to stop ksmd on a full disk too. At worst it stays so, which harms nobody.
        }

        _record = next;
        KernelFile.WriteText($"{_ksm.Root}/{file}", value);

        // It was written: what was there before is no longer ours, should somebody else write that now.
        _record = record with { Changes = [.. others, new ChangedSetting(file, found, value, value)] };
    }

    /// <summary>Puts back every value found, latest change first. A second call does nothing.</summary>
    /// <exception cref="LinuxException">The kernel refused a value; the record stays for a later attempt.</exception>
    public void Dispose()
    {
        if (_record is { } record)
        {
            _record = null;
            try
            {
                PutBack(_ksm, record);
                Forget(_path);
            }
            finally
            {
                FileHandle.Close(ref _lock);
            }
        }
    }

    private static string LockPath(KsmSysfs ksm) => Path.Combine(ksm.Root == KsmSysfs.DefaultRoot ? "/run/samepage" : ksm.Root, "ksmd.lock");

    /// <summary>
    /// Takes the host's lock on ksmd's settings, which is where only root can hold it: a lock on the kernel's own files
    /// could be had by everybody who may read them. It ends with its process; the file stays, and is empty.
    /// </summary>
    /// <param name="ksm">The settings.</param>
    /// <param name="held">To be closed; -1 where it could not be made, as on a host without /run.</param>
    /// <returns>False where another process holds it.</returns>
    private static bool TryLock(KsmSysfs ksm, out int held)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(LockPath(ksm))!);
            held = FileHandle.TryLock(LockPath(ksm));
            return held >= 0;
        }
        catch (Exception impossible) when (impossible is LinuxException or IOException or UnauthorizedAccessException)
        {
            // The record alone then keeps two apart that have one state directory.
            held = -1;
            return true;
        }
    }

    private sealed class Loan(SavedSettings lender) : IDisposable
    {
        public void Dispose()
        {
            if (lender is { _lock: < 0, _record: not null } && !TryLock(lender._ksm, out lender._lock))
            {
                throw new SettingsHeldException(0);
            }
        }
    }

    private static List<string> PutBack(KsmSysfs ksm, SettingsRecord record)
    {
        var restored = new List<string>();
        LinuxException? refused = null;
        foreach (var change in record.Changes.Reverse())
        {
            try
            {
                if (Current(ksm, change.File) is var current && current != change.Found && change.IsOurs(current))
                {
                    var value = SafeValue(ksm, change);
                    KernelFile.WriteText($"{ksm.Root}/{change.File}", value);
                    restored.Add($"{change.File} {value}");
                }
            }
            catch (LinuxException refusal)
            {
                // The others are put back all the same; the first refusal is reported.
                refused ??= refusal;
            }
        }

        return refused is null ? restored : throw refused;
    }

    /// <summary>
    /// <c>run=2</c> would unmerge everything at once. Where pages are shared by now, standing still is the same setting
    /// without that risk.
    /// </summary>
    private static string SafeValue(KsmSysfs ksm, ChangedSetting change) =>
        change is { File: "run", Found: "2" } && ksm.SavedPages > 0 ? "0" : change.Found;

    /// <summary>The value in force; files that list their choices mark it with brackets.</summary>
    private static string Current(KsmSysfs ksm, string file)
    {
        var text = KernelFile.ReadText($"{ksm.Root}/{file}").Trim();
        var (open, close) = (text.IndexOf('['), text.IndexOf(']'));
        return open >= 0 && close > open ? text[(open + 1)..close] : text;
    }

    private static SettingsRecord? ReadRecord(string path)
    {
        try
        {
            return SettingsRecord.Parse(File.ReadAllText(path));
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>On disk before its name is: a crash of the machine leaves no empty record.</summary>
    private static string WriteDraft(string path, SettingsRecord record)
    {
        var draft = FormattableString.Invariant($"{path}.{Environment.ProcessId}{DraftEnding}");
        using var file = new FileStream(draft, FileMode.Create);
        file.Write(System.Text.Encoding.UTF8.GetBytes(record.ToString()));
        file.Flush(flushToDisk: true);
        return draft;
    }

    /// <summary>
    /// Of processes that were killed while they wrote. One that comes just now loses its own as well: the settings are
    /// held, and that is what it will say.
    /// </summary>
    private static void RemoveDrafts(string stateDirectory)
    {
        foreach (var draft in Directory.EnumerateFiles(stateDirectory, $"{FileName}.*{DraftEnding}"))
        {
            File.Delete(draft);
        }
    }

    /// <summary>Removes the record, and its directory where nothing else lies there.</summary>
    private static void Forget(string path)
    {
        try
        {
            File.Delete(path);
            Directory.Delete(Path.GetDirectoryName(path)!);
        }
        catch (DirectoryNotFoundException)
        {
            // Somebody took the whole directory away, and the record with it.
        }
        catch (IOException) when (!File.Exists(path))
        {
            // Other state lives there.
        }
    }
}

/// <summary>Another process holds ksmd's settings and will put them back.</summary>
/// <param name="pid">Its number; 0 where that is not known here.</param>
public sealed class SettingsHeldException(int pid)
    : Exception(pid > 0
        ? $"another samepage (process {pid}) holds ksmd's settings and has yet to put them back: wait for it, or stop it"
        : "another samepage holds ksmd's settings, with another state directory or in a container: find it with 'pgrep -a samepage' and stop it")
{
    /// <summary>Its number.</summary>
    public int Pid { get; } = pid;
}
