using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Samepage.Bench;

/// <summary>The options of a bench: names with a value, and names that stand for themselves. --save keeps the result.</summary>
internal sealed class BenchOptions
{
    private readonly Dictionary<string, string> _given = [];

    /// <summary>Takes what was given.</summary>
    /// <param name="args">What follows the bench's name.</param>
    /// <param name="usage">The options that there are, one after another; with a value where a word that tells of it follows.</param>
    /// <exception cref="BenchUsageException">It is none of these, or lacks its value.</exception>
    public BenchOptions(IReadOnlyList<string> args, string usage)
    {
        var words = usage.Split(' ');
        for (var at = 0; at < args.Count; at++)
        {
            var name = Array.IndexOf(words, args[at]);
            var hasValue = name >= 0 && name + 1 < words.Length && !IsName(words[name + 1]);
            if (name < 0 || !IsName(args[at]) || (hasValue && at + 1 == args.Count))
            {
                throw new BenchUsageException($"'{args[at]}' is no option, or lacks its value; there are: {usage}");
            }

            _given[words[name]] = hasValue ? args[++at] : "";
        }
    }

    public static JsonSerializerOptions Json { get; } = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    public int Number(string name, int otherwise) => Parsed(name, otherwise, "a whole number", NumberStyles.AllowLeadingSign);

    public double Real(string name, double otherwise) => Parsed(name, otherwise, "a number", NumberStyles.Float);

    public string Text(string name, string otherwise) => _given.GetValueOrDefault(name, otherwise);

    /// <summary>Whether an option names this choice, or "both" or "all", or is not given.</summary>
    public bool Chooses(string name, string choice) => Text(name, "all") is var given && (given is "all" or "both" || given == choice);

    public bool Has(string name) => _given.ContainsKey(name);

    /// <summary>Where a result of this bench on this processor is kept; the directory is made.</summary>
    public static string ResultPath(string bench, string extension)
    {
        var words = Machine.Cpu.Split([.. Machine.Cpu.Where(c => !char.IsAsciiLetterOrDigit(c))], StringSplitOptions.RemoveEmptyEntries);
        var path = Path.Combine(Machine.Root, "bench", "results", $"{bench}-{string.Join('-', words).ToLowerInvariant()}.{extension}");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    /// <summary>Where a program that a bench starts may tell what it does; no result.</summary>
    public static string LogPath(string bench) => Path.Combine(Machine.Root, "artifacts", $"bench-{bench}.log");

    /// <summary>With --save: keeps a result under bench/results, by bench and processor.</summary>
    public void Save(string bench, string json)
    {
        if (Has("--save"))
        {
            var path = ResultPath(bench, "json");
            File.WriteAllText(path, json + "\n");
            Console.WriteLine($"kept in {Path.GetRelativePath(Machine.Root, path)}");
        }
    }

    private static bool IsName(string word) => word.StartsWith("--", StringComparison.Ordinal);

    private T Parsed<T>(string name, T otherwise, string kind, NumberStyles styles)
        where T : INumberBase<T> =>
        !_given.TryGetValue(name, out var text) ? otherwise
        : T.TryParse(text, styles, CultureInfo.InvariantCulture, out var number) ? number
        : throw new BenchUsageException($"'{text}' is not {kind}, which {name} wants");
}

/// <summary>A bench was asked for something that it does not have; the message is one line, and exit status 2 goes with it.</summary>
internal sealed class BenchUsageException(string message) : Exception(message);
