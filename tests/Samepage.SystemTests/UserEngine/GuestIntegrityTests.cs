namespace Samepage.SystemTests.UserEngine;

/// <summary>
/// Two unmodified QEMU processes under the preloaded library, whose guests check all that they hold while the host
/// merges it, with a disk that the host's kernel reads straight into their memory. SAMEPAGE_SOAK_SECONDS=600 is the
/// ten-minute run.
/// </summary>
public sealed class GuestIntegrityTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    [Theory]
    [InlineData("io_uring", "threads")]
    [InlineData("native", "io_uring")]
    public void Guests_find_everything_as_it_was_and_notice_what_is_not(string firstIo, string secondIo)
    {
        using var domain = new EngineEnvironment();
        var variables = domain.Variables(MergingWay.Preload).ToList();
        using var first = new CheckingGuest(1, firstIo, variables);
        using var second = new CheckingGuest(2, secondIo, variables);
        CheckingGuest[] guests = [first, second];

        var mergedMost = new long[guests.Length];
        var reports = new GuestReport[guests.Length];
        for (var end = DateTime.UtcNow + TimeSpan.FromSeconds(Campaign.SoakSeconds); DateTime.UtcNow < end;)
        {
            for (var i = 0; i < guests.Length; i++)
            {
                reports[i] = guests[i].NextReport();
                mergedMost[i] = Math.Max(mergedMost[i], guests[i].MergedPages());
                AssertClean(guests[i], reports[i]);
            }
        }

        for (var i = 0; i < guests.Length; i++)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"guest {i + 1}: {reports[i]}, merged at most {mergedMost[i]} pages");
            Assert.True(mergedMost[i] > 4096, $"guest {i + 1} had at most {mergedMost[i]} pages merged");
            Assert.True(reports[i].Reads > 200 && reports[i].Files > 0, $"guest {i + 1}: {reports[i]}");
        }

        AssertNoticed(first, first.CorruptFromInside);
        AssertNoticed(second, second.CorruptFromOutside);
    }

    /// <summary>The checker itself, with nothing merged: right, and not blind.</summary>
    [Fact]
    public void Without_merging_the_checker_is_right_and_not_blind()
    {
        using var guest = new CheckingGuest(1, "io_uring", []);
        AssertClean(guest, guest.ReportWhere(report => report is { Rounds: > 5, Files: > 0, Reads: > 100 }, s_patience));
        AssertNoticed(guest, guest.CorruptFromInside);
        AssertNoticed(guest, guest.CorruptFromOutside);
    }

    private static void AssertClean(CheckingGuest guest, GuestReport report) =>
        Assert.True(report.Mismatches == 0, $"{report}: {string.Join('\n', guest.Complaints)}");

    private static void AssertNoticed(CheckingGuest guest, Action corrupt)
    {
        var before = guest.NextReport().Mismatches;
        corrupt();
        guest.ReportWhere(report => report.Mismatches > before, s_patience);
        Assert.Contains(guest.Complaints, line => line.Contains("memory page", StringComparison.Ordinal));
    }
}
