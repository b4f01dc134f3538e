namespace Samepage.Tests.Docs;

/// <summary>README.zh-CN.md says to readers of Chinese what README.md says.</summary>
public sealed class TranslationTests
{
    private static readonly string s_original = File.ReadAllText(Path.Combine(Checkout.Root, "README.md"));
    private static readonly string s_chinese = File.ReadAllText(Path.Combine(Checkout.Root, "README.zh-CN.md"));

    [Fact]
    public void The_two_have_headings_code_links_and_figures_in_common() => Assert.Empty(Translation.Differences(s_original, s_chinese));

    [Fact]
    public void Each_heading_of_the_translation_is_in_Chinese_or_a_name() =>
        Assert.All(
            s_chinese.Split('\n').Where(line => line.StartsWith("## ", StringComparison.Ordinal)),
            heading => Assert.Contains(heading, letter => letter is >= '\u4e00' and <= '\u9fff'));

    /// <summary>The positive control: the test tells pages apart that differ in any of these.</summary>
    [Theory]
    [InlineData("## More", "### More")]
    [InlineData("$ ./samepage demo", "$ ./samepage domo")]
    [InlineData("(docs/performance.md)", "(docs/glossary.md)")]
    [InlineData("6 refused", "7 refused")]
    [InlineData("`samepage doctor`", "`samepage docter`")]
    public void A_change_of_one_page_alone_is_noticed(string was, string becomes)
    {
        Assert.Contains(was, s_original, StringComparison.Ordinal);
        Assert.NotEmpty(Translation.Differences(s_original.Replace(was, becomes, StringComparison.Ordinal), s_chinese));
    }

    [Fact]
    public void A_section_that_is_missing_is_noticed() => Assert.NotEmpty(Translation.Differences(s_original + "\n## New\n\nText.\n", s_chinese));
}
