using System.Globalization;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Governing;

/// <summary>Carries out a governor's orders.</summary>
public interface IKernelScan
{
    /// <summary>Makes ksmd follow an order.</summary>
    /// <returns>What a reader should know: settings that others changed, values that the kernel refused. One sentence each.</returns>
    IReadOnlyList<string> Apply(ScanOrder order);
}

/// <summary>
/// The real ksmd. Settings found are on disk before they are changed, and are put back on <see cref="Dispose"/> or, after
/// a crash, at the next start (<see cref="SavedSettings"/>). Not thread-safe.
/// </summary>
/// <remarks>
/// What somebody else writes while we are at work is noticed at the next order, said, and set right once. Whoever does
/// it again means it: that setting is left alone from then on, which <see cref="LeftAlone"/> tells. The kernel's advisor is switched off first, because it
/// refuses <c>pages_to_scan</c> while it is on.
/// </remarks>
public sealed class KernelScan : IKernelScan, IDisposable
{
    private readonly KsmSysfs _ksm;
    private readonly SavedSettings _settings;
    private readonly string? _smartScanFound, _zeroPagesFound;
    private readonly Dictionary<string, string> _written = [];
    private readonly HashSet<string> _disputed = [], _yielded = [];

    private KernelScan(KsmSysfs ksm, SavedSettings settings)
    {
        (_ksm, _settings) = (ksm, settings);
        (_smartScanFound, _zeroPagesFound) = (Current("smart_scan"), Current("use_zero_pages"));
    }

    /// <summary>Settings that somebody else insisted on, and that are not set any more.</summary>
    public IReadOnlyCollection<string> LeftAlone => _yielded;

    /// <summary>
    /// Whether ksmd is to map the kernel's own zero page in place of pages of zeros, which costs it less than merging them
    /// and needs no metadata. Not done where the kernel could neither count nor undo it (before 6.6).
    /// </summary>
    public bool UsesZeroPage { get; set; }

    /// <summary>Takes hold of ksmd's settings, after putting back what a killed process may have left.</summary>
    /// <param name="ksm">The settings.</param>
    /// <param name="stateDirectory">Where the values found are kept.</param>
    /// <param name="proc">Where processes are looked up.</param>
    /// <exception cref="SettingsHeldException">Another process holds them.</exception>
    /// <exception cref="LinuxException">The caller may not write them.</exception>
    public static KernelScan Take(KsmSysfs ksm, string stateDirectory, ProcFs proc) =>
        new(ksm, SavedSettings.Take(ksm, stateDirectory, proc));

    /// <inheritdoc/>
    public IReadOnlyList<string> Apply(ScanOrder order)
    {
        var notes = new List<string>();
        if (!order.IsRunning)
        {
            // Standing still comes first, and what the pace would be matters no more.
            Set("run", "0", notes);
            Set("smart_scan", _smartScanFound, notes);
            return notes;
        }

        Set("advisor_mode", "none", notes);
        Set("pages_to_scan", order.PagesToScan.ToString(CultureInfo.InvariantCulture), notes);
        Set("sleep_millisecs", order.SleepMilliseconds.ToString(CultureInfo.InvariantCulture), notes);
        Set("smart_scan", order.PassesOver ? _smartScanFound : "0", notes);
        Set("use_zero_pages", UsesZeroPage && _ksm.CountsZeroPages ? "1" : _zeroPagesFound, notes);
        Set("run", "1", notes);
        return notes;
    }

    /// <summary>Sets them again: an operator who has the policy read anew wants it followed.</summary>
    public void TakeUpAgain()
    {
        // Found as they are now, they are nobody's change.
        _yielded.Concat(_disputed).ToList().ForEach(file => _written.Remove(file));
        _yielded.Clear();
        _disputed.Clear();
    }

    /// <summary>Puts back what was found. Merged memory stays merged.</summary>
    /// <exception cref="LinuxException">The kernel refused a value; the record stays for the next start.</exception>
    public void Dispose() => _settings.Dispose();

    private void Set(string file, string? value, List<string> notes)
    {
        // An older kernel has no advisor and no smart scan.
        if (value is null || _yielded.Contains(file) || Current(file) is not { } current)
        {
            return;
        }

        if (_written.TryGetValue(file, out var written) && current != written && !Dispute(file, written, current, notes))
        {
            return;
        }

        if (current == value)
        {
            _written[file] = value;
            return;
        }

        try
        {
            _settings.Set(file, value);
            _written[file] = value;
        }
        catch (LinuxException refusal) when (!refusal.IsPermission)
        {
            notes.Add($"the kernel refused {file} {value}: {refusal.Message}");
        }
    }

    /// <summary>Whether it is set right once more.</summary>
    private bool Dispute(string file, string written, string current, List<string> notes)
    {
        if (_disputed.Add(file))
        {
            notes.Add($"somebody else changed {file} from {written} to {current}: set right this once");
            return true;
        }

        _yielded.Add(file);
        notes.Add($"somebody else changed {file} from {written} to {current} again: left alone until the policy is read anew{(file == "run" ? "; neither guard nor budget can hold ksmd back until then" : "")}");
        return false;
    }

    /// <summary>The value in force; files that list their choices mark it with brackets.</summary>
    private string? Current(string file)
    {
        var text = KernelFile.TryReadText($"{_ksm.Root}/{file}")?.Trim();
        return text is not null && text.Split('[', ']') is [_, var chosen, _] ? chosen : text;
    }
}
