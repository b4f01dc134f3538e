namespace Samepage.SystemTests.UserEngine;

/// <summary>A memory control group of version 1 for some processes; it is gone when the last of them is.</summary>
internal sealed class MemoryGroup : IDisposable
{
    private const string Root = "/sys/fs/cgroup/memory";
    private static int s_count;
    private readonly string _path = Path.Combine(Root, $"sm-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}");

    public MemoryGroup()
    {
        Assert.SkipUnless(File.Exists(Path.Combine(Root, "memory.limit_in_bytes")), "no memory control groups of version 1 here");
        Directory.CreateDirectory(_path);
    }

    /// <summary>Where processes put themselves in.</summary>
    public string Members => Path.Combine(_path, "cgroup.procs");

    /// <summary>Bytes that its processes use.</summary>
    public long Usage => long.Parse(File.ReadAllText(Path.Combine(_path, "memory.usage_in_bytes")), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Bytes that they have in swap.</summary>
    public long Swapped => long.Parse(File.ReadLines(Path.Combine(_path, "memory.stat")).First(line => line.StartsWith("swap ", StringComparison.Ordinal)).Split(' ')[1],
        System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Bytes that they may use; -1 for all.</summary>
    public void Limit(long bytes) => File.WriteAllText(Path.Combine(_path, "memory.limit_in_bytes"), $"{bytes}");

    /// <summary>The words that start a program inside the group, in front of it.</summary>
    public IEnumerable<string> Inside => ["sh", "-c", "echo $$ > \"$0\" && exec \"$@\"", Members];

    public void Dispose()
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            try
            {
                Directory.Delete(_path);
                return;
            }
            catch (IOException)
            {
                // A process that was killed leaves it a little later.
                Thread.Sleep(50);
            }
        }
    }
}
