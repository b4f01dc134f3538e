using System.Diagnostics;
using System.Globalization;
using Samepage.Linux.Sys;

namespace Samepage.Bench.Footprint;

/// <summary>Small programs that hold the same pages, offered for merging, and then do nothing at all. Ended when disposed of.</summary>
internal sealed class StillHolders : IDisposable
{
    /// <summary>So long without growth is the end of merging, where nearly all is merged.</summary>
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(20), s_patience = TimeSpan.FromMinutes(5);

    private const double NearlyAll = 0.95;

    private readonly List<NativeProgram> _programs = [];
    private readonly KsmSysfs _ksm;
    private readonly long _savedBefore, _pages;

    /// <summary>Starts them.</summary>
    /// <param name="ksm">ksmd's counters; nothing else is merged meanwhile.</param>
    /// <param name="count">How many.</param>
    /// <param name="pages">Of each.</param>
    public StillHolders(KsmSysfs ksm, int count, int pages)
    {
        (_ksm, _savedBefore, _pages) = (ksm, ksm.SavedPages, (count - 1L) * pages);
        try
        {
            for (var i = 0; i < count; i++)
            {
                _programs.Add(NativeProgram.Start("pages", pages.ToString(CultureInfo.InvariantCulture), "1", "ordered"));
                _programs[^1].ReadLine();
            }

            _programs.ForEach(program => program.Ask("offer"));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What their merging saves now.</summary>
    public long SavedBytes => (_ksm.SavedPages - _savedBefore) * 4096;

    /// <summary>Waits until nearly all is merged and nothing more is.</summary>
    /// <returns>How long that took.</returns>
    public double AwaitMerging()
    {
        var (clock, most, since) = (Stopwatch.StartNew(), 0L, TimeSpan.Zero);
        for (; most < NearlyAll * _pages || clock.Elapsed - since < s_quiet; Thread.Sleep(500))
        {
            if (clock.Elapsed > s_patience)
            {
                throw new InvalidOperationException($"only {most} of {_pages} pages were merged");
            }

            var saved = _ksm.SavedPages - _savedBefore;
            (most, since) = saved > most + (_pages / 500) ? (saved, clock.Elapsed) : (most, since);
        }

        return since.TotalSeconds;
    }

    public void Dispose() => _programs.ForEach(program => program.Dispose());
}
