using System.Globalization;

namespace Samepage.Scenarios.Workers;

/// <summary>An interpreter of the machine that workers run in, and the digest it can compute.</summary>
public sealed class WorkerInterpreter
{
    private readonly Func<IEnumerable<SharedFile>, string> _digest;

    private WorkerInterpreter(string name, string path, string script, Func<IEnumerable<SharedFile>, string> digest)
    {
        (Name, Path, Script, _digest) = (name, path, script, digest);
    }

    /// <summary>The program's name.</summary>
    public string Name { get; }

    /// <summary>Where it is.</summary>
    internal string Path { get; }

    /// <summary>What it runs.</summary>
    internal string Script { get; }

    /// <summary>Every interpreter found: perl, which every Debian has, then python3.</summary>
    public static IReadOnlyList<WorkerInterpreter> Find()
    {
        var found = new List<WorkerInterpreter>();
        if (Executable.Find("perl") is { } perl)
        {
            found.Add(new WorkerInterpreter("perl", perl, WorkerScripts.Perl, Digests.Polynomial));
        }

        if (Executable.Find("python3") is { } python)
        {
            found.Add(new WorkerInterpreter("python3", python, WorkerScripts.Python, Digests.Sha256));
        }

        return found;
    }

    /// <summary>
    /// Whether its data lie in memory that it maps by itself, as Python's module mmap does. What the C library's malloc
    /// maps, for perl, no preloaded library gets to see.
    /// </summary>
    public bool MapsMemory => Name == "python3";

    /// <summary>The digest that it will compute over these pieces, computed here.</summary>
    public string Digest(IEnumerable<SharedFile> files) => _digest(files);
}

/// <summary>
/// A copy of a real program that loads the same data as its siblings into anonymous memory, as the copies of an
/// application server do, and some random data of its own.
/// </summary>
/// <param name="interpreter">The program.</param>
/// <param name="number">Which one of its scenario, from 1.</param>
/// <param name="files">The common data.</param>
/// <param name="sharedDigest">Their digest, as <see cref="WorkerInterpreter.Digest"/> gives it.</param>
/// <param name="uniqueBytes">How much random data.</param>
public sealed class Worker(
    WorkerInterpreter interpreter, int number, IReadOnlyList<SharedFile> files, string sharedDigest, long uniqueBytes)
    : ScenarioProgram(sharedDigest)
{
    /// <summary>Large blocks get mappings of their own, so that the data lie alike in the pages of every copy.</summary>
    private static readonly Dictionary<string, string> s_environment = new() { ["MALLOC_MMAP_THRESHOLD_"] = "65536" };

    /// <summary>What the program finds in its environment beside ours: a preloaded library and its settings, for example.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <inheritdoc/>
    public override string Description =>
        FormattableString.Invariant($"worker {number}: {interpreter.Name}, {files.Sum(file => file.Length) >> 20} MB");

    /// <inheritdoc/>
    internal override TimeSpan Patience => TimeSpan.FromSeconds(120);

    private protected override OwnedProcess Launch()
    {
        List<string> arguments = [interpreter.Name == "perl" ? "-e" : "-c", interpreter.Script, Text(uniqueBytes)];
        foreach (var file in files)
        {
            arguments.Add(file.Path);
            arguments.Add(Text(file.Length));
        }

        return OwnedProcess.Start(Description, interpreter.Path, arguments, Environment.Concat(s_environment).ToDictionary());
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
