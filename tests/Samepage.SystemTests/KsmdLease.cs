using System.Diagnostics;
using Samepage.Linux.Sys;

namespace Samepage.SystemTests;

/// <summary>
/// The kernel's merging in one test's hands: a lock keeps other runs of the tests away meanwhile, ksmd scans at a pace of
/// the test's own, and every knob goes back to what it was, whatever the test or the command under test made of it, and
/// also where the run is ended by SIGTERM.
/// </summary>
internal sealed class KsmdLease : IDisposable
{
    /// <summary>In the order in which they can be put back: the pace is refused while the advisor is on.</summary>
    private static readonly string[] s_knobs = ["pages_to_scan", "sleep_millisecs", "smart_scan", "use_zero_pages", "advisor_mode", "run"];

    private static readonly string s_lockFile = Path.Combine(Path.GetTempPath(), "samepage-tests-ksmd.lock");
    private readonly FileStream _lock;
    private readonly List<(string Knob, string Value)> _before;

    private KsmdLease(FileStream held)
    {
        _lock = held;
        _before = [.. s_knobs.Where(knob => File.Exists(Knob(knob))).Select(knob => (knob, Read(knob)))];
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    /// <summary>The knobs and counters.</summary>
    public KsmSysfs Ksm { get; } = new();

    /// <summary>Waits for its turn; ksmd stands still at first. Skips the test where there is no ksmd to drive.</summary>
    public static KsmdLease Take()
    {
        Assert.SkipUnless(new KsmSysfs().Exists, "this kernel has no KSM");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "ksmd is driven by root only");
        var lease = new KsmdLease(AwaitLock());
        try
        {
            lease.TurnAdvisorOff();
            lease.ForgetThoseThatEnded();
            lease.Ksm.Write("run", 0);
            return lease;
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Lets ksmd scan; what is given by default goes through a few thousand pages in no time, and skips none.</summary>
    /// <param name="pagesToScan">Pages in each of its turns, which are 20 ms apart.</param>
    /// <param name="isSmart">Whether it passes over pages that did not merge before.</param>
    public void Start(long pagesToScan = 20_000, bool isSmart = false)
    {
        Ksm.Write("pages_to_scan", pagesToScan);
        Ksm.Write("sleep_millisecs", 20);
        if (Ksm.Number("smart_scan") is not null)
        {
            Ksm.Write("smart_scan", isSmart ? 1 : 0);
        }

        Ksm.Write("run", 1);
    }

    /// <summary>Waits until ksmd has gone through so many whole passes.</summary>
    /// <param name="count">How many.</param>
    /// <param name="orUntil">Ends the wait before that.</param>
    public void WaitFullScans(int count, Func<bool>? orUntil = null)
    {
        var goal = Ksm.FullScans + count;
        for (var clock = Stopwatch.StartNew(); Ksm.FullScans < goal && orUntil?.Invoke() is not true; Thread.Sleep(2))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), "ksmd makes no progress");
        }
    }

    /// <summary>Every knob that can be turned, and where it stands.</summary>
    public string Settings() => string.Join('\n', Directory.EnumerateFiles(Ksm.Root).Order()
        .Where(file => File.GetUnixFileMode(file).HasFlag(UnixFileMode.UserWrite))
        .Select(file => $"{Path.GetFileName(file)} {Read(Path.GetFileName(file))}"));

    /// <summary>Puts everything back, each knob also where another refuses.</summary>
    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        using (_lock)
        {
            TurnAdvisorOff();
            PutBack();
        }
    }

    private void PutBack()
    {
        var refusals = new List<Exception>();
        foreach (var (knob, value) in _before)
        {
            try
            {
                File.WriteAllText(Knob(knob), value);
            }
            catch (IOException refusal)
            {
                refusals.Add(new IOException($"{knob} cannot be put back to {value}: {refusal.Message}"));
            }
        }

        Assert.Empty(refusals);
    }

    /// <summary>
    /// The pages of programs that ended while ksmd stood still count as merged until ksmd comes by. Where they were the
    /// last, it stops with them, and no whole pass is counted.
    /// </summary>
    private void ForgetThoseThatEnded()
    {
        if (Ksm.SavedPages > 0)
        {
            Start();
            WaitFullScans(2, orUntil: () => Ksm.SavedPages == 0);
            PutBack();
        }
    }

    private void OnProcessExit(object? sender, EventArgs e) => Dispose();

    private static FileStream AwaitLock()
    {
        for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(100))
        {
            try
            {
                // Opening a file for oneself alone is flock(LOCK_EX | LOCK_NB): it ends with the process at the latest.
                return new FileStream(s_lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (clock.Elapsed < TimeSpan.FromMinutes(5))
            {
                // Held by another.
            }
        }
    }

    private string Knob(string name) => Path.Combine(Ksm.Root, name);

    /// <summary>A knob that has words shows all of them, the one that holds in brackets.</summary>
    private string Read(string knob)
    {
        var text = File.ReadAllText(Knob(knob)).Trim();
        return text.Contains('[', StringComparison.Ordinal) ? text.Split('[', ']')[1] : text;
    }

    private void TurnAdvisorOff()
    {
        if (File.Exists(Knob("advisor_mode")))
        {
            File.WriteAllText(Knob("advisor_mode"), "none");
        }
    }
}
