namespace Samepage.SystemTests;

/// <summary>
/// Changes files under /sys and /proc/sys for a test, and puts every one back when it is disposed of, in the opposite
/// order. For ksmd there is <see cref="KsmdLease"/>.
/// </summary>
internal sealed class MachineState : IDisposable
{
    private readonly Stack<Action> _undo = new();

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

        Assert.Equal(0, Tool.Run("mkswap", file).Status);
        var (status, _, errors) = Tool.Run("swapon", file);
        Assert.SkipUnless(status == 0, $"swap cannot be switched on here: {errors}");
        _undo.Push(() => Tool.Run("swapoff", file));
    }

    public void Dispose()
    {
        while (_undo.TryPop(out var undo))
        {
            undo();
        }
    }
}
