using Samepage.Bench.Contest;
using Samepage.Bench.Quoting;

namespace Samepage.Bench;

/// <summary>
/// Writes the figures of bench/results into the pages that quote them, and draws their plot. With --check it changes
/// nothing and says what differs. With --from FILE all marks of contests first name that result.
/// </summary>
internal static class QuoteBench
{
    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--check --from FILE");
        var results = Path.Combine(Machine.Root, "bench", "results");
        var written = QuotedPages.Names
            .Select(name => Path.Combine(Machine.Root, name)).Where(File.Exists)
            .ToDictionary(path => path, path => QuotedPages.Fill(Renamed(File.ReadAllText(path), options), results));
        var sources = written.Values.SelectMany(QuotedPages.Contests).Distinct().ToList();
        if (sources is [var source])
        {
            written[Path.Combine(Machine.Root, QuotedPages.PlotPath)] = ContestPlots.Saving(ContestResult.Read(Path.Combine(results, source)));
        }
        else
        {
            Console.Error.WriteLine($"bench/quote: the pages quote {sources.Count} contests; one plot cannot show them");
            return 1;
        }

        var changed = written.Where(page => !File.Exists(page.Key) || File.ReadAllText(page.Key) != page.Value).ToList();
        foreach (var (path, text) in changed)
        {
            Console.WriteLine($"{(options.Has("--check") ? "differs" : "written")}: {Path.GetRelativePath(Machine.Root, path)}");
            if (!options.Has("--check"))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllText(path, text);
            }
        }

        return options.Has("--check") && changed.Count > 0 ? 1 : 0;
    }

    private static string Renamed(string page, BenchOptions options)
    {
        var from = options.Text("--from", "");
        return from.Length == 0
            ? page
            : QuotedPages.Contests(page).Aggregate(page, (text, old) => text.Replace($" from {old} -->", $" from {Path.GetFileName(from)} -->", StringComparison.Ordinal));
    }
}
