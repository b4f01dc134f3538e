namespace Samepage.Tests.Docs;

/// <summary>Every link in every page leads to a file that is there and, behind a #, to a heading in it. No network is asked.</summary>
public sealed class LinkTests
{
    /// <summary>All pages of the repository, as paths below its root.</summary>
    public static TheoryData<string> Pages => [.. AllPages().Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_lead_somewhere(string page)
    {
        var file = Path.Combine(Checkout.Root, page);
        Assert.Empty(Broken(file, File.ReadAllText(file)));
    }

    [Theory]
    [InlineData("[a](no-such-file.md)", "no-such-file.md")]
    [InlineData("# One thing\n\n[a](#one-thing) [b](#another)", "#another")]
    [InlineData("![plot](plots/none.svg)", "plots/none.svg")]
    [InlineData("[a](README.md#no-such-heading)", "README.md#no-such-heading")]
    [InlineData("`[a](code.md)`\n\n```\n[a](code.md)\n```\n[x](https://example.org/none)", null)]
    public void What_leads_nowhere_is_found(string text, string? broken) =>
        Assert.Equal(broken is null ? [] : [broken], Broken(Path.Combine(Checkout.Root, "page.md"), text));

    /// <summary>Each page can be reached from the README or the index of docs.</summary>
    [Fact]
    public void Every_page_of_docs_is_in_the_index()
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var next = new Queue<string>([Path.Combine(Checkout.Root, "README.md"), Path.Combine(Checkout.Root, "docs", "README.md")]);
        while (next.TryDequeue(out var page))
        {
            if (!reached.Add(page) || !page.EndsWith(".md", StringComparison.Ordinal) || !File.Exists(page))
            {
                continue;
            }

            foreach (var link in new MarkdownPage(File.ReadAllText(page)).Links.Where(IsLocal))
            {
                next.Enqueue(Target(page, link.Split('#')[0]));
            }
        }

        var lost = AllPages().Where(page => page.StartsWith("docs/", StringComparison.Ordinal)).Except(reached.Select(page => Path.GetRelativePath(Checkout.Root, page)));
        Assert.Empty(lost);
    }

    private static IEnumerable<string> AllPages() =>
        Directory.EnumerateFiles(Checkout.Root, "*.md", new EnumerationOptions { RecurseSubdirectories = true })
            .Select(file => Path.GetRelativePath(Checkout.Root, file))
            .Where(page => !page.StartsWith("artifacts/", StringComparison.Ordinal) && !page.Contains("/node_modules/", StringComparison.Ordinal));

    private static IEnumerable<string> Broken(string file, string text)
    {
        var page = new MarkdownPage(text);
        foreach (var link in page.Links.Where(IsLocal))
        {
            var parts = link.Split('#', 2);
            var target = parts[0].Length == 0 ? file : Target(file, parts[0]);
            var isThere = parts[0].Length == 0 || Path.Exists(target);
            var anchors = !isThere || parts.Length < 2 || !target.EndsWith(".md", StringComparison.Ordinal) ? null
                : parts[0].Length == 0 ? page.Anchors : new MarkdownPage(File.ReadAllText(target)).Anchors;
            if (!isThere || anchors?.Contains(parts[1]) == false)
            {
                yield return link;
            }
        }
    }

    private static bool IsLocal(string link) => !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith("mailto:", StringComparison.Ordinal);

    private static string Target(string file, string link) => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, Uri.UnescapeDataString(link)));
}
