using Samepage.Guarding;
using Samepage.Guarding.Swapping;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Swapping;

namespace Samepage.Tests.Guarding;

/// <summary>The daemon is killed in the middle of a call: nobody catches this but the test.</summary>
internal sealed class KilledException : Exception;

/// <summary>Files, zram devices and swap that outlive the process that made them; it can be killed before or after any call.</summary>
internal sealed class SimulatedSwapKernel : ISwapKernel
{
    private readonly HashSet<int> _devices = [0];
    private readonly Dictionary<string, SwapArea> _areas = [];

    public HashSet<string> Files { get; } = [];

    /// <summary>Device 0 belongs to somebody else and must survive everything.</summary>
    public IReadOnlyCollection<int> Devices => _devices;

    public long AvailableBytes { get; set; } = 8L << 30;

    public SwapSupport Support { get; set; } = new("ext4", null, true);

    public long DiskFreeBytes { get; set; } = 100L << 30;

    /// <summary>How many calls that change something succeed until it is killed; after the call where <see cref="DiesAfter"/>.</summary>
    public int CallsLeft { get; set; } = int.MaxValue;

    public bool DiesAfter { get; set; }

    /// <summary>Refuses the next switching on.</summary>
    public Errno SwitchOnError { get; set; }

    public IReadOnlyList<SwapArea> Areas => [.. _areas.Values];

    public MemInfo Memory => new(16L << 30, AvailableBytes, AvailableBytes, 0, 0);

    public IReadOnlyList<ControlGroupHeadroom> Groups { get; set; } = [];

    public bool HasZram { get; set; } = true;

    public string BootId { get; set; } = "first";

    public (SwapSupport Support, long FreeBytes, long TotalBytes) Look(string directory) => (Support, DiskFreeBytes, 200L << 30);

    public bool HasFile(string path) => Files.Contains(path);

    public void CreateFile(string path, long bytes, bool canReserve) => Call(() => Assert.True(Files.Add(path)));

    public void DeleteFile(string path) => Call(() =>
    {
        Assert.False(_areas.ContainsKey(path), "a file was deleted that is swap");
        Files.Remove(path);
    });

    public int AddZram()
    {
        var device = Enumerable.Range(0, 100).First(each => !_devices.Contains(each));
        Call(() => _devices.Add(device));
        return device;
    }

    public void FormatZram(int device, long bytes) => Call(() => Assert.Contains(device, _devices));

    public bool IsOurs(int device) => device != 0 && _devices.Contains(device);

    public void RemoveZram(int device) => Call(() =>
    {
        Assert.False(_areas.ContainsKey(NodeOf(device)), "a device was removed that is swap");
        _devices.Remove(device);
    });

    public string NodeOf(int device) => $"/dev/zram{device}";

    public void SwitchOn(string path, int? priority) => Call(() =>
    {
        if (SwitchOnError != Errno.None)
        {
            throw new LinuxException("swapon", SwitchOnError, path);
        }

        _areas.Add(path, new SwapArea(path, 1 << 26, 0, priority ?? -2));
    });

    public void SwitchOff(string path) => Call(() => Assert.True(_areas.Remove(path)));

    public void Use(string path, long bytes) => _areas[path] = _areas[path] with { UsedBytes = bytes };

    public void Restart()
    {
        BootId = "second";
        _areas.Clear();
        _devices.RemoveWhere(device => device != 0);
    }

    private void Call(Action call)
    {
        if (CallsLeft == 0 && !DiesAfter)
        {
            throw new KilledException();
        }

        call();
        if (CallsLeft-- == 0)
        {
            throw new KilledException();
        }
    }
}
