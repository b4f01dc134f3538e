using System.Diagnostics;
using Samepage.Linux.Sys;

namespace Samepage.SystemTests.Host;

/// <summary>
/// ksmd for one test: alone (a lock keeps other tests of this machine away), at a pace of the test's own, and put back
/// as it was found. Also starts the processes that are merged, and ends them.
/// </summary>
internal sealed class KsmdInUse : IDisposable
{
    private static readonly string[] s_knobs = ["run", "pages_to_scan", "sleep_millisecs", "use_zero_pages", "smart_scan"];
    private readonly Process _lock = HostTool.Start("flock", "/tmp/ksm.lock", "sh", "-c", "echo held; cat");
    private readonly Dictionary<string, long> _found = [];
    private readonly List<Process> _holders = [];
    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-host-").FullName;
    private readonly string _program;

    public KsmdInUse(long pagesToScan, bool isSmart)
    {
        _lock.StandardOutput.ReadLine();
        foreach (var knob in s_knobs)
        {
            _found[knob] = Ksm.Number(knob) ?? 0;
        }

        Ksm.Write("pages_to_scan", pagesToScan);
        Ksm.Write("sleep_millisecs", 20);
        Ksm.Write("smart_scan", isSmart ? 1 : 0);
        _program = Path.Combine(_directory, "holder");
        var (status, _, errors) = HostTool.Run("gcc", "-O2", "-Wall", "-Werror", "-o", _program, Path.Combine(AppContext.BaseDirectory, "Targets", "holder.c"));
        Assert.True(status == 0, errors);
    }

    public KsmSysfs Ksm { get; } = new();

    public void StartKsmd() => Ksm.Write("run", 1);

    /// <summary>Starts a process with pages of contents that depend on the seed; returns when they are written.</summary>
    /// <param name="how">"process" opts in by prctl, "region" by madvise.</param>
    /// <param name="pages">How many.</param>
    /// <param name="seed">Equal seeds give equal pages.</param>
    public Process Hold(string how, int pages, int seed)
    {
        var holder = HostTool.Start(_program, how, $"{pages}", $"{seed}");
        _holders.Add(holder);
        Assert.Equal("ready", holder.StandardOutput.ReadLine());
        return holder;
    }

    /// <summary>Has a holder write its pages anew.</summary>
    public static void Rewrite(Process holder, int seed)
    {
        holder.StandardInput.WriteLine($"{seed}");
        holder.StandardInput.Flush();
        Assert.Equal("done", holder.StandardOutput.ReadLine());
    }

    /// <summary>Waits until ksmd has gone through so many whole passes.</summary>
    public void LetPasses(int passes)
    {
        var until = Ksm.FullScans + passes;
        var deadline = Stopwatch.StartNew();
        while (Ksm.FullScans < until)
        {
            Assert.True(deadline.Elapsed < TimeSpan.FromSeconds(60), "ksmd makes no progress");
            Thread.Sleep(2);
        }
    }

    public void Dispose()
    {
        foreach (var holder in _holders)
        {
            holder.Kill();
            holder.WaitForExit();
            holder.Dispose();
        }

        foreach (var (knob, value) in _found)
        {
            Ksm.Write(knob, value);
        }

        _lock.StandardInput.Close();
        _lock.WaitForExit();
        _lock.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
