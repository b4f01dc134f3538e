extern alias bench;

using bench::Samepage.Bench.Contest;
using bench::Samepage.Bench.Quoting;

namespace Samepage.Tests.Docs;

/// <summary>Figures that pages quote are those of bench/results, put there by bench/quote and by nobody else.</summary>
public sealed class QuoteTests : IDisposable
{
    private static readonly string s_results = Path.Combine(Checkout.Root, "bench", "results");
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("samepage-quotes-");

    public static TheoryData<string> Pages => [.. QuotedPages.Names];

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_says_what_the_results_say(string name)
    {
        var page = File.ReadAllText(Path.Combine(Checkout.Root, name));
        Assert.NotEmpty(QuotedPages.Contests(page));
        Assert.True(page == QuotedPages.Fill(page, s_results), $"{name} differs from bench/results: run bench/quote");
    }

    [Fact]
    public void The_plot_is_drawn_from_the_same_result()
    {
        var source = Assert.Single(QuotedPages.Names.SelectMany(name => QuotedPages.Contests(File.ReadAllText(Path.Combine(Checkout.Root, name)))).Distinct());
        var plot = File.ReadAllText(Path.Combine(Checkout.Root, QuotedPages.PlotPath));
        Assert.True(plot == ContestPlots.Saving(ContestResult.Read(Path.Combine(s_results, source))), "the plot differs from bench/results: run bench/quote");
    }

    /// <summary>The positive control: a result that differs in a figure, and a page that somebody touched.</summary>
    [Fact]
    public void Another_result_or_another_word_is_noticed()
    {
        var page = File.ReadAllText(Path.Combine(Checkout.Root, "README.md"));
        var source = Assert.Single(QuotedPages.Contests(page));
        var result = ContestResult.Read(Path.Combine(s_results, source));
        var altered = result with
        {
            Trials = [.. result.Trials.Select(trial => trial.Peer == result.Peers[^1].Name ? trial with { End = new FrameCount(1000, 0, 0, 877, 877, 0) } : trial)],
        };
        foreach (var other in Directory.EnumerateFiles(s_results, "*.json"))
        {
            File.Copy(other, Path.Combine(_directory.FullName, Path.GetFileName(other)));
        }

        File.WriteAllText(Path.Combine(_directory.FullName, source), altered.ToJson());
        Assert.Contains("12.3 %", QuotedPages.Fill(page, _directory.FullName), StringComparison.Ordinal);

        var touched = page.Replace("| Samepage, user engine |", "| Samepage, user engine, |", StringComparison.Ordinal);
        Assert.NotEqual(page, touched);
        Assert.NotEqual(touched, QuotedPages.Fill(touched, s_results));
    }

    [Theory]
    [InlineData("<!-- figures:peers-headline from none.json -->\n")]
    [InlineData("<!-- figures:no-such from FILE -->\n<!-- end of figures -->")]
    public void A_mark_that_means_nothing_is_refused(string page)
    {
        var source = Assert.Single(QuotedPages.Contests(File.ReadAllText(Path.Combine(Checkout.Root, "README.md"))));
        Assert.Throws<InvalidDataException>(() => QuotedPages.Fill(page.Replace("FILE", source, StringComparison.Ordinal), s_results));
    }
}
