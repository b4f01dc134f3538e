using System.Globalization;
using Samepage.Linux.Proc;

namespace Samepage.Scenarios;

/// <summary>
/// A real program that holds memory in common with its siblings and some of its own, and that can say at any time
/// whether both still are what they were. It ends with this object, and with the process that started it, however that
/// ends. Not thread-safe; different programs may be used from different threads.
/// </summary>
/// <param name="expectedSharedDigest">The digest of the common data, computed on the host from the files themselves.</param>
public abstract class ScenarioProgram(string expectedSharedDigest) : IDisposable
{
    private OwnedProcess? _process;
    private string _sharedDigest = expectedSharedDigest;
    private string _uniqueDigest = "";
    private int _questions;

    /// <summary>What this is, for people: "guest 1: QEMU, 256 MB".</summary>
    public abstract string Description { get; }

    /// <summary>The number of its process.</summary>
    /// <exception cref="ScenarioException">It was not started, or has ended.</exception>
    public int Pid => Running.Pid;

    /// <summary>The numbers of the processes that hold its memory: one, unless the program says otherwise.</summary>
    /// <exception cref="ScenarioException">It was not started, or has ended.</exception>
    public virtual IReadOnlyList<int> Pids => [Pid];

    /// <summary>
    /// Whether it goes on allocating and freeing memory while nobody asks it anything, as browsers do. What leaves its
    /// anonymous memory is then no measure of what was saved.
    /// </summary>
    public virtual bool IsRestless => false;

    /// <summary>Whether it was started and still runs.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>CPU time it has spent, user and kernel; 0 where it does not run.</summary>
    public double CpuSeconds =>
        IsRunning ? Pids.Sum(pid => ProcessStat.TryRead(new ProcFs(), pid)?.CpuSeconds ?? 0) : 0;

    /// <summary>The digest of the data that only this program holds: no two programs have the same.</summary>
    public string UniqueDigest => _uniqueDigest;

    /// <summary>How long the program may take to come up or to answer.</summary>
    internal abstract TimeSpan Patience { get; }

    private OwnedProcess Running => _process ?? throw new ScenarioException($"{Description} is not running");

    /// <summary>Starts it and waits until its data are in memory.</summary>
    /// <exception cref="ScenarioException">It did not come up; the message holds its last words.</exception>
    /// <exception cref="OperationCanceledException">The wait was called off; the program is ended.</exception>
    public void Start(CancellationToken cancel)
    {
        if (_process is not null)
        {
            throw new InvalidOperationException("started twice");
        }

        _process = Launch();
        try
        {
            _uniqueDigest = Rise(_process, cancel);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// Has the program read all its data again. The common part is compared with what the host's files say, the unique
    /// part with what the program said when it came up.
    /// </summary>
    /// <exception cref="ScenarioException">It has ended or does not answer.</exception>
    public ContentCheck Verify(CancellationToken cancel)
    {
        var (shared, unique) = Read(cancel);
        return new ContentCheck(shared == _sharedDigest, unique == _uniqueDigest);
    }

    /// <summary>
    /// The negative control: has the program alter one byte of its own data, after which <see cref="Verify"/> must fail.
    /// </summary>
    /// <param name="part">Which data.</param>
    /// <param name="offset">Which byte of them.</param>
    /// <param name="cancel">Calls the wait off.</param>
    public virtual void Corrupt(ContentPart part, long offset, CancellationToken cancel) =>
        Ask("corrupt", "samepage-corrupted", FormattableString.Invariant($" {part.ToString().ToLowerInvariant()} {offset}"), Patience, cancel);

    /// <summary>
    /// Has the program put data of its own in place of all that it holds in common, so that none of it stays merged. Only
    /// guests can; <see cref="Verify"/> then expects what was written.
    /// </summary>
    /// <param name="patience">How long it may take.</param>
    /// <param name="cancel">Calls the wait off.</param>
    /// <exception cref="ScenarioException">It has ended or does not answer.</exception>
    public void Rewrite(TimeSpan patience, CancellationToken cancel) =>
        _sharedDigest = Ask("rewrite", "samepage-rewritten", "", patience, cancel);

    /// <summary>Ends the program by its number and waits until it is gone.</summary>
    public void Dispose()
    {
        if (_process is { } process)
        {
            End(process);
            process.Dispose();
            _process = null;
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Starts the process.</summary>
    private protected abstract OwnedProcess Launch();

    /// <summary>Waits until its data are in memory.</summary>
    /// <returns>The digest of the data that only this program holds.</returns>
    private protected virtual string Rise(OwnedProcess process, CancellationToken cancel) =>
        process.Await("samepage-up ", Patience, cancel);

    /// <summary>Has it read all its data again, and digest both parts.</summary>
    private protected virtual (string Shared, string Unique) Read(CancellationToken cancel) =>
        Ask("verify", "samepage-verified", "", Patience, cancel).Split(' ') is [var shared, var unique] ? (shared, unique) : ("", "");

    /// <summary>Ends what the process would leave behind; the process itself is killed next, if it still runs then.</summary>
    private protected virtual void End(OwnedProcess process)
    {
    }

    /// <summary>Each question carries a number that its answer repeats, so that a late answer is never taken for another.</summary>
    private string Ask(string question, string answer, string argument, TimeSpan patience, CancellationToken cancel)
    {
        var number = (++_questions).ToString(CultureInfo.InvariantCulture);
        Running.Send($"{question} {number}{argument}");
        return Running.Await($"{answer} {number} ", patience, cancel);
    }
}

/// <summary>Whether a program's data are what they were.</summary>
/// <param name="SharedUnchanged">The data that all programs hold.</param>
/// <param name="UniqueUnchanged">The data that only this one holds.</param>
public readonly record struct ContentCheck(bool SharedUnchanged, bool UniqueUnchanged)
{
    /// <summary>Both are.</summary>
    public bool IsUnchanged => SharedUnchanged && UniqueUnchanged;
}

/// <summary>The two kinds of data that a program holds.</summary>
public enum ContentPart
{
    /// <summary>What all programs of a scenario hold.</summary>
    Shared,

    /// <summary>What only one holds.</summary>
    Unique,
}
