using System.Globalization;

namespace Samepage.SystemTests;

/// <summary>
/// Changes files under /sys and /proc/sys for a test, and puts every one back when it is disposed of, in the opposite
/// order. ksmd's own rules (knobs that are refused while the advisor is on) are met by the order of the calls.
/// </summary>
internal sealed class MachineState : IDisposable
{
    private const string Ksm = "/sys/kernel/mm/ksm";
    private readonly Stack<Action> _undo = new();

    /// <summary>ksmd running at a pace that converges in a second or two on a few thousand pages.</summary>
    public static MachineState WithFastKsm()
    {
        Assert.SkipUnless(Directory.Exists(Ksm), "this kernel has no KSM");
        var state = new MachineState();
        state.Set($"{Ksm}/sleep_millisecs", "10");
        state.Set($"{Ksm}/pages_to_scan", "20000");
        state.Set($"{Ksm}/smart_scan", "0");
        state.Set($"{Ksm}/run", "1");
        return state;
    }

    /// <summary>A number in a file of ksmd's.</summary>
    public static long KsmNumber(string file) =>
        long.Parse(File.ReadAllText($"{Ksm}/{file}"), CultureInfo.InvariantCulture);

    /// <summary>Waits until ksmd has done some full scans more.</summary>
    public static void WaitFullScans(int count)
    {
        var goal = KsmNumber("full_scans") + count;
        for (var waited = 0; KsmNumber("full_scans") < goal; waited++)
        {
            Assert.True(waited < 3000, "ksmd did not come round in 30 s");
            Thread.Sleep(10);
        }
    }

    /// <summary>Writes a value and remembers the one that was there.</summary>
    public void Set(string file, string value)
    {
        var before = File.ReadAllText(file).Trim();
        _undo.Push(() => File.WriteAllText(file, before));
        File.WriteAllText(file, value);
    }

    /// <summary>Switches a swap file on, where no swap is on.</summary>
    public void AddSwap(long bytes)
    {
        var file = Path.Combine("/var/tmp", $"samepage-test-swap-{Environment.ProcessId}");
        _undo.Push(() => File.Delete(file));
        using (var stream = new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            var block = new byte[1 << 20];
            for (long written = 0; written < bytes; written += block.Length)
            {
                stream.Write(block);
            }
        }

        Assert.Equal(0, TargetProgram.Run("mkswap", file).Status);
        var (status, _, errors) = TargetProgram.Run("swapon", file);
        Assert.SkipUnless(status == 0, $"swap cannot be switched on here: {errors}");
        _undo.Push(() => TargetProgram.Run("swapoff", file));
    }

    public void Dispose()
    {
        while (_undo.TryPop(out var undo))
        {
            undo();
        }
    }
}
