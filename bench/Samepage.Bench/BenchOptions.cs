using System.Globalization;
using System.Text.Json;

namespace Samepage.Bench;

/// <summary>The few options that benches share: "--name value" pairs, and --save to keep the result.</summary>
internal sealed class BenchOptions(string[] args)
{
    public static JsonSerializerOptions Json { get; } = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    public int Number(string name, int otherwise)
    {
        var at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
    }

    public double Real(string name, double otherwise) =>
        Text(name, "") is { Length: > 0 } given ? double.Parse(given, CultureInfo.InvariantCulture) : otherwise;

    public string Text(string name, string otherwise)
    {
        var at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : otherwise;
    }

    /// <summary>Whether an option names this choice, or "both" or "all", or is not given.</summary>
    public bool Chooses(string name, string choice) => Text(name, "all") is var given && (given is "all" or "both" || given == choice);

    public bool Has(string name) => Array.IndexOf(args, name) >= 0;

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
}
