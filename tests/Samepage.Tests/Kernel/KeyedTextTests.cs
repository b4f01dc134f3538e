using Samepage.Linux.Proc;

namespace Samepage.Tests.Kernel;

public class KeyedTextTests
{
    [Fact]
    public void Both_forms_of_lines_are_read()
    {
        var text = KeyedText.Parse("MemTotal:       24684084 kB\nksm_rmap_items 17\nksm_merge_any: yes\nName:\tcat\nno-separator\n\n");
        Assert.Equal(24_684_084L * 1024, text.Bytes("MemTotal"));
        Assert.Equal((17L, "yes", "cat"), (text.Number("ksm_rmap_items"), text.Text("ksm_merge_any"), text.Text("Name")));
        Assert.Null(text.Text("no-separator"));
        Assert.Null(text.Number("Name"));
        Assert.Null(text.Number("absent"));
    }

    [Fact]
    public void The_first_of_two_equal_keys_counts() => Assert.Equal(1, KeyedText.Parse("a 1\na 2").Number("a"));

    [Theory]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999999999")]
    [InlineData("-")]
    [InlineData("1e3")]
    public void A_number_that_does_not_fit_is_no_number(string value)
    {
        var text = KeyedText.Parse($"a: {value} kB");
        Assert.Null(text.Number("a"));
        Assert.Null(text.Bytes("a"));
        Assert.Null(text.Int("a"));
    }

    [Fact]
    public void Kilobytes_that_do_not_fit_as_bytes_do_not_wrap() =>
        Assert.Null(KeyedText.Parse("a: 9223372036854775807 kB").Bytes("a"));

    [Fact]
    public void An_int_that_does_not_fit_does_not_wrap() =>
        Assert.Equal((null, int.MaxValue), (KeyedText.Parse("a 4294967297").Int("a"), KeyedText.Parse("a 2147483647").Int("a")));
}
