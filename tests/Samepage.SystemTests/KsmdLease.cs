using Samepage.Linux.Sys;

namespace Samepage.SystemTests;

/// <summary>
/// The kernel's merging in this test's hands: nobody else on the machine uses it meanwhile (a lock on /tmp/ksm.lock),
/// it scans fast, and every setting goes back to what it was.
/// </summary>
internal sealed class KsmdLease : IDisposable
{
    private static readonly string[] s_settings = ["run", "pages_to_scan", "sleep_millisecs", "smart_scan"];

    private readonly FileStream _lock;
    private readonly Dictionary<string, long> _before;

    private KsmdLease(FileStream held)
    {
        _lock = held;
        Ksm = new KsmSysfs();
        _before = s_settings.Where(name => Ksm.Number(name) is not null).ToDictionary(name => name, name => Ksm.Number(name)!.Value);
    }

    /// <summary>The knobs and counters.</summary>
    public KsmSysfs Ksm { get; }

    /// <summary>Waits for its turn; ksmd stands still at first.</summary>
    public static KsmdLease Take()
    {
        for (var patience = DateTime.UtcNow.AddMinutes(5); ; Thread.Sleep(100))
        {
            try
            {
                // Opening a file for oneself alone is flock(LOCK_EX | LOCK_NB), as the flock command has it.
                var lease = new KsmdLease(new FileStream("/tmp/ksm.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
                lease.Ksm.Write("run", 0);
                return lease;
            }
            catch (IOException) when (DateTime.UtcNow < patience)
            {
                // Held by another.
            }
        }
    }

    /// <summary>Scans fast.</summary>
    public void Start()
    {
        Ksm.Write("pages_to_scan", 20000);
        Ksm.Write("sleep_millisecs", 5);
        if (_before.ContainsKey("smart_scan"))
        {
            Ksm.Write("smart_scan", 0);
        }

        Ksm.Write("run", 1);
    }

    /// <summary>Puts everything back.</summary>
    public void Dispose()
    {
        foreach (var (name, value) in _before.Reverse())
        {
            Ksm.Write(name, value);
        }

        _lock.Dispose();
    }
}
