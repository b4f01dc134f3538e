using Samepage.Linux.Proc;

namespace Samepage.SystemTests;

/// <summary>A program that holds pages for ksmd to merge (Targets/holder.c), and knows what must be in them.</summary>
internal sealed class PageHolder : IDisposable
{
    private readonly TargetProgram _program;

    /// <summary>Starts one; its pages are written.</summary>
    /// <param name="optIn">"process" opts in by prctl, "region" by madvise, "none" leaves it to others.</param>
    /// <param name="pages">How many.</param>
    /// <param name="contents">How many of them differ.</param>
    /// <param name="seed">Equal seeds give equal contents.</param>
    public PageHolder(string optIn, int pages, int contents, int seed)
    {
        _program = TargetProgram.Start("holder", optIn, $"{pages}", $"{contents}");
        _program.Expect("ready");
        Fill(seed);
    }

    public int Pid => _program.Pid;

    /// <summary>How many of its pages are merged, by ksmd's own count.</summary>
    public long MergedPages => KsmStat.TryRead(new ProcFs(), Pid)?.MergingPages ?? 0;

    /// <summary>Has it write all its pages anew.</summary>
    public void Fill(int seed)
    {
        _program.WriteLine($"fill {seed}");
        _program.Expect("filled");
    }

    /// <summary>Has it look whether its pages hold what it wrote.</summary>
    public void AssertIntact()
    {
        _program.WriteLine("check");
        _program.Expect("intact");
    }

    public void Dispose() => _program.Dispose();
}
