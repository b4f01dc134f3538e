using System.Globalization;
using Samepage.Governing;
using Samepage.Linux;
using Samepage.Linux.Swapping;

namespace Samepage.Guarding.Swapping;

/// <content>Areas are made and removed here, each step noted before it is taken.</content>
public sealed partial class SwapProvisioner
{
    private SwapOutcome AddFile(long bytes)
    {
        var (support, free, total) = _kernel.Look(_options.Directory);
        var reserve = (long)(total * _options.DiskReserveShare);
        if (support.Refusal is { } refusal)
        {
            return Refuse($"{_options.Directory}: {refusal}");
        }

        if (bytes > free - reserve)
        {
            return Refuse($"{_options.Directory} has {Figures.Bytes(free)} free, of which {Figures.Bytes(reserve)} stay free: no room for {Figures.Bytes(bytes)} of swap");
        }

        var number = Enumerable.Range(1, int.MaxValue)
            .First(each => _entries.All(entry => entry.Place != FileName(each)) && !_kernel.HasFile(FileName(each)));
        var entry = new SwapEntry(SwapKind.File, bytes, FileName(number));
        return Add(entry, () => _kernel.CreateFile(entry.Place, bytes, support.CanReserve));
    }

    private SwapOutcome AddZram(long bytes)
    {
        if (!_kernel.HasZram)
        {
            return Refuse("this kernel has no zram (CONFIG_ZRAM; try: modprobe zram), and the policy asks for it");
        }

        _entries.Add(new SwapEntry(SwapKind.Zram, bytes, ""));
        int device;
        try
        {
            Save();
            device = _kernel.AddZram();
        }
        catch (Exception error) when (error is LinuxException or IOException or UnauthorizedAccessException)
        {
            _entries.RemoveAt(_entries.Count - 1);
            Save();
            throw;
        }

        _entries.RemoveAt(_entries.Count - 1);
        return Add(
            new SwapEntry(SwapKind.Zram, bytes, device.ToString(CultureInfo.InvariantCulture)), () => _kernel.FormatZram(device, bytes));
    }

    private SwapOutcome Add(SwapEntry entry, Action make)
    {
        _entries.Add(entry);
        try
        {
            Save();
            make();
            _kernel.SwitchOn(PathOf(entry), _options.Priority);
            if (AreaOf(entry) is not null)
            {
                return new SwapOutcome(true, entry.Bytes, $"added {Describe(entry)}; {Figures.Bytes(ProvidedBytes)} are provided of at most {Figures.Bytes(_options.CapBytes)}");
            }

            _kernel.SwitchOff(PathOf(entry));
            throw new IOException($"the kernel shows {entry.Place} under another name; name its directory without links");
        }
        catch (Exception error) when (error is LinuxException or IOException or UnauthorizedAccessException)
        {
            Discard(entry);
            throw;
        }
    }

    private void Remove(SwapEntry entry)
    {
        if (AreaOf(entry) is not null)
        {
            _kernel.SwitchOff(PathOf(entry));
        }

        Discard(entry);
    }

    /// <summary>Removes what is not on (any more), and then the note of it.</summary>
    private void Discard(SwapEntry entry)
    {
        if (entry.Kind == SwapKind.File)
        {
            _kernel.DeleteFile(entry.Place);
        }
        else if (Device(entry) is { } device && _kernel.IsOurs(device))
        {
            _kernel.RemoveZram(device);
        }

        _entries.Remove(entry);
        Save();
    }

    private void Save()
    {
        if (_entries.Count > 0)
        {
            new SwapRecord(_kernel.BootId, _entries).Write(_recordPath);
        }
        else
        {
            File.Delete(_recordPath);
        }
    }

    private SwapArea? AreaOf(SwapEntry entry) => PathOf(entry) is var path ? _kernel.Areas.FirstOrDefault(area => area.Path == path) : null;

    private string PathOf(SwapEntry entry) =>
        entry.Kind == SwapKind.File ? entry.Place : Device(entry) is { } device ? _kernel.NodeOf(device) : "zram";

    private static int? Device(SwapEntry entry) =>
        int.TryParse(entry.Place, NumberStyles.None, CultureInfo.InvariantCulture, out var device) ? device : null;

    private string FileName(int number) => Path.Combine(_options.Directory, string.Create(CultureInfo.InvariantCulture, $"samepage-{number}.swap"));

    private string Describe(SwapEntry entry) => $"{Figures.Bytes(entry.Bytes)} of swap at {PathOf(entry)}";
}
