using Samepage.Cli.Rendering;
using Samepage.Estimating;
using Spectre.Console;

namespace Samepage.Tests.Reporting;

public class EstimateTextTests
{
    [Theory]
    [InlineData(1, 80), InlineData(2, 80), InlineData(8, 80), InlineData(12, 80), InlineData(300, 80)]
    [InlineData(1, 120), InlineData(8, 120), InlineData(12, 120), InlineData(300, 120)]
    public void No_line_is_wider_than_the_window_or_ends_in_blanks(int count, int width)
    {
        foreach (var line in Text(MadeUpEstimate.Of(count, isVolatile: true), width, Twice).Split('\n'))
        {
            Assert.True(line.Length <= width, $"{line.Length} columns: {line}");
            Assert.Equal(line.TrimEnd(), line);
        }
    }

    [Fact]
    public void The_first_sentence_tells_the_saving_with_zero_pages_apart()
    {
        var estimate = MadeUpEstimate.Of(8);
        var expected = $"Merging would free {Readable.Size(estimate.Totals.SavablePages * 4096)} of "
            + $"{Readable.Size((estimate.Totals.PresentPages - estimate.Totals.AlreadySharedPages) * 4096)} (32 %), "
            + $"{Readable.Size(estimate.Totals.NetSavableBytes)} after metadata; another {Readable.Size(estimate.Totals.ZeroSavableBytes)} are zero pages.";
        Assert.Equal(expected, Text(estimate, 120).Split('\n')[0]);
    }

    [Fact]
    public void Beyond_two_dozen_targets_the_top_twenty_have_rows_and_the_rest_is_summed_up()
    {
        var estimate = MadeUpEstimate.Of(300);
        var lines = Text(estimate, 120).Split('\n');
        var table = lines.SkipWhile(line => !line.StartsWith("By process", StringComparison.Ordinal)).Skip(2).TakeWhile(line => !line.StartsWith("SAVABLE", StringComparison.Ordinal)).ToList();
        Assert.Equal(22, table.Count);
        Assert.Contains("and 280 more", table[20]);
        var best = estimate.Targets.MaxBy(target => target.AttributedBytes)!;
        Assert.StartsWith(best.Pid.ToString(), table[0].Trim());
    }

    [Fact]
    public void Volatile_pages_have_a_row_only_where_two_looks_were_taken()
    {
        var estimate = MadeUpEstimate.Of(8, isVolatile: true);
        Assert.DoesNotContain("volatile", Text(estimate, 120), StringComparison.OrdinalIgnoreCase);
        var text = Text(estimate, 140, Twice);
        Assert.Contains("VOLATILE", text);
        Assert.Contains("changed within 2.0 s", text);
    }

    [Fact]
    public void Shares_of_the_net_saving_add_up_to_the_total()
    {
        foreach (var count in new[] { 1, 2, 8, 300 })
        {
            var estimate = MadeUpEstimate.Of(count, seed: count);
            Assert.Equal(
                estimate.Targets.Sum(target => target.AttributedBytes) - estimate.Totals.MetadataBytes,
                estimate.AttributedNetBytes().Sum());
        }
    }

    [Fact]
    public void What_spoils_the_numbers_is_said_before_them()
    {
        var whole = MadeUpEstimate.Of(2);
        var estimate = whole with
        {
            IsPartial = true,
            Sampling = new SamplingResult(16, 1234, 100_000, 120_000),
            Verification = new VerificationResult(5000, 3),
            FrameIdentity = FrameIdentity.ExclusiveBit,
            Targets = [whole.Targets[0] with { Note = "exited in mid-scan" }, whole.Targets[1]],
        };
        var text = Text(estimate, 120).ReplaceLineEndings(" ");
        var numbers = text.IndexOf("2 processes", StringComparison.Ordinal);
        Assert.StartsWith("So far: merging would free about", text);
        Assert.InRange(text.IndexOf("Partial:", StringComparison.Ordinal), 0, numbers);
        Assert.InRange(text.IndexOf("between 391 MiB and 469 MiB", StringComparison.Ordinal), 0, numbers);
        Assert.Contains("5,000 duplicates compared byte by byte, 3 differed", text);
        Assert.Contains("4000 qemu-system-x86: exited in mid-scan", text);
        Assert.Contains("CAP_SYS_ADMIN", text);
    }

    [Fact]
    public void Padding_by_huge_pages_is_called_so_only_where_it_is()
    {
        var estimate = MadeUpEstimate.Of(2);
        Assert.DoesNotContain("khugepaged", Text(estimate, 120));
        var padded = estimate with { Totals = estimate.Totals with { ZeroPages = estimate.Totals.SavablePages * 2, HugePageDuplicatePages = estimate.Totals.SavablePages * 2 } };
        Assert.Contains("khugepaged", Text(padded, 120));
        Assert.DoesNotContain("khugepaged", Text(padded with { Totals = padded.Totals with { HugePagesToSplit = 0 } }, 120));
    }

    [Fact]
    public void Names_cannot_command_the_terminal_or_be_markup()
    {
        var whole = MadeUpEstimate.Of(2);
        var text = Text(whole with { Targets = [whole.Targets[0] with { Name = "\u001b]0;x\u0007[red]\n\u202e" }, whole.Targets[1]] }, 120);
        Assert.Contains("?]0;x?[red]??", text);
        Assert.DoesNotContain('\u001b', text);
        Assert.DoesNotContain('\u202e', text);
    }

    [Fact]
    public void Nothing_to_merge_is_said_plainly()
    {
        var whole = MadeUpEstimate.Of(1);
        var none = whole.Totals with { SavablePages = 0, ZeroPages = 0, DistinctPages = 10, PresentPages = 10, AlreadySharedPages = 0 };
        Assert.StartsWith("Merging would free nothing: of 40.0 KiB, no two pages are alike.", Text(whole with { Totals = none }, 120));
        Assert.StartsWith("There is nothing to merge", Text(whole with { Totals = none with { PresentPages = 0 } }, 120));
        var poor = none with { SavablePages = 1, DistinctPages = 999, PresentPages = 1000 };
        Assert.Contains("would not pay", Text(whole with { Totals = poor }, 120));
    }

    [Theory]
    [InlineData(0, "0 B"), InlineData(1023, "1023 B"), InlineData(1024, "1.0 KiB"), InlineData(99 << 20, "99.0 MiB")]
    [InlineData((100 << 20) - 1, "100 MiB"), InlineData((1 << 30) - 1, "1.0 GiB"), InlineData(-5L << 20, "-5.0 MiB"), InlineData(3L << 40, "3.0 TiB")]
    public void Sizes_read_well(long bytes, string expected) => Assert.Equal(expected, Readable.Size(bytes));

    private static EstimateOptions Twice => new() { Interval = TimeSpan.FromSeconds(2) };

    private static string Text(Estimate estimate, int width, EstimateOptions? options = null)
    {
        var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(writer),
        });
        console.Profile.Width = width;
        new EstimateText(console, estimate, options ?? new EstimateOptions()).Write();
        return writer.ToString();
    }
}
