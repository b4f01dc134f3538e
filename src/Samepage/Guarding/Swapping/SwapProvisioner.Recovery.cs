using Samepage.Governing;

namespace Samepage.Guarding.Swapping;

/// <content>What a killed process has left.</content>
public sealed partial class SwapProvisioner
{
    private void Recover()
    {
        var findings = new List<string>();
        if (SwapRecord.TryRead(_recordPath) is { } left)
        {
            _entries.AddRange(left.Entries);
            foreach (var entry in left.Entries)
            {
                findings.Add(Settle(entry, left.BootId == _kernel.BootId));
            }
        }
        else if (File.Exists(_recordPath))
        {
            // Written in one step, so this is not half a record but something else: out of the way, not lost.
            File.Move(_recordPath, _recordPath + ".unreadable", overwrite: true);
            findings.Add($"{_recordPath} is no record of swap and was renamed to end in .unreadable");
        }

        Findings = findings;
    }

    private string Settle(SwapEntry entry, bool isSameBoot)
    {
        // The number of a zram device means something else after a restart; a file's name does not.
        if ((isSameBoot || entry.Kind == SwapKind.File) && AreaOf(entry) is { } area)
        {
            return $"took over {Describe(entry)}, which holds {Figures.Bytes(area.UsedBytes)}";
        }

        if (entry.Kind == SwapKind.Zram && (!isSameBoot || Device(entry) is null))
        {
            _entries.Remove(entry);
            Save();
            return isSameBoot ? "a zram device may have been left without a size: it holds nothing" : $"{Describe(entry)} went with a restart of the machine";
        }

        Discard(entry);
        return $"removed {Describe(entry)}, which was left behind and not in use";
    }
}
