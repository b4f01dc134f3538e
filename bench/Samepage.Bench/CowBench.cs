using System.Globalization;
using System.Text.Json;
using Samepage.Bench.Measuring;

namespace Samepage.Bench;

/// <summary>
/// What a write to a merged page costs the writer, in CPU time of its thread: merged by ksmd and by the user engine,
/// beside a write to memory never touched before and to a page shared with a forked child. Needs root, and ksmd to
/// itself. Options: --pages N (20000), --rounds N (5), --engine, --save.
/// </summary>
internal static class CowBench
{
    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--pages N --rounds N --engine X --save");
        var pages = options.Number("--pages", 20_000);
        var figures = new List<CowFigure>();
        Console.WriteLine($"{Machine.Cpu}, {Environment.ProcessorCount} processors, kernel {Machine.Kernel}");
        for (var round = 1; round <= options.Number("--rounds", 5); round++)
        {
            figures.Add(Plain(pages, "touch"));
            figures.Add(Plain(pages, "fork"));
            foreach (var engine in new[] { "kernel", "user" }.Where(name => options.Chooses("--engine", name)))
            {
                figures.AddRange(Merged(pages, engine));
            }
        }

        var touch = Median(figures, "touch");
        var rows = figures.Select(figure => figure.What).Distinct().Select(what =>
        {
            var all = figures.Where(figure => figure.What == what).Select(figure => figure.Nanoseconds).ToList();
            return new CowRow(what, Statistics.Median(all), all.Min(), all.Max(), Statistics.Median(all) / touch);
        }).ToList();
        Console.WriteLine("CPU time of the writer, ns a page   median    min    max   against first touch");
        rows.ForEach(row => Console.WriteLine(FormattableString.Invariant(
            $"{row.What,-34} {row.Nanoseconds,7:F0} {row.Min,6:F0} {row.Max,6:F0} {row.AgainstTouch,10:F2}")));
        options.Save("cow", JsonSerializer.Serialize(new { cpu = Machine.Cpu, kernel = Machine.Kernel, pages, rows }, BenchOptions.Json));
        return figures.TrueForAll(figure => figure.WrongPages == 0) ? 0 : 1;
    }

    private static CowFigure Plain(int pages, string order)
    {
        using var program = NativeProgram.Start("cow", pages.ToString(CultureInfo.InvariantCulture));
        _ = program.ReadLine();
        return new CowFigure(order, double.Parse(program.Ask(order), CultureInfo.InvariantCulture), 0);
    }

    private static List<CowFigure> Merged(int pages, string engine)
    {
        using IMerging merging = engine == "kernel" ? new KernelMerging() : new UserMerging("cow", isEager: false);
        using var program = NativeProgram.StartIn(merging.Environment, "cow", pages.ToString(CultureInfo.InvariantCulture));
        _ = program.ReadLine();
        _ = program.Ask("offer");
        merging.Begin([program.Pid]);
        var (way, _) = Convergence.Watch(merging, TimeSpan.FromMinutes(2));
        if (way[^1].SavedPages < pages * 0.9)
        {
            throw new InvalidOperationException($"the {engine} engine merged only {way[^1].SavedPages} of {pages} pages");
        }

        var words = program.Ask("break").Split(' ');
        double Number(int at) => double.Parse(words[at], CultureInfo.InvariantCulture);
        return
        [
            new CowFigure($"{engine}: first read of a merged page", Number(0), 0),
            new CowFigure($"{engine}: first write to a merged page", Number(1), (long)Number(2)),
        ];
    }

    private static double Median(List<CowFigure> figures, string what) =>
        Statistics.Median(figures.Where(figure => figure.What == what).Select(figure => figure.Nanoseconds));

    private sealed record CowFigure(string What, double Nanoseconds, long WrongPages);

    private sealed record CowRow(string What, double Nanoseconds, double Min, double Max, double AgainstTouch);
}
