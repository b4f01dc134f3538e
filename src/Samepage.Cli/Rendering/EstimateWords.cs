using System.Globalization;
using Samepage.Estimating;
using static Samepage.Cli.Rendering.Readable;

namespace Samepage.Cli.Rendering;

/// <summary>What an estimate means, in plain sentences: the terminal and the HTML report say the same.</summary>
internal static class EstimateWords
{
    /// <summary>The saving in one sentence, with zero pages apart.</summary>
    public static string Sentence(Estimate estimate)
    {
        var sentence = WholeSentence(estimate);
        return !estimate.IsPartial ? sentence
            : estimate.Totals.PresentPages == 0 ? "The look was ended before anything had been counted."
            : $"So far: {char.ToLowerInvariant(sentence[0])}{sentence[1..]}";
    }

    private static string WholeSentence(Estimate estimate)
    {
        var totals = estimate.Totals;
        var held = totals.FramePages() * 4096;
        if (held == 0)
        {
            return "There is nothing to merge: no anonymous private memory is present in "
                + (estimate.Targets.Count == 1 ? "this process." : "these processes.");
        }

        var zero = totals.ZeroSavableBytes > 0 ? $"{Size(totals.ZeroSavableBytes)} of zero pages" : null;
        var about = estimate.Sampling is null ? "" : "about ";
        if (totals.SavablePages == 0)
        {
            return zero is null
                ? $"Merging would free nothing: of {Size(held)}, no two pages are alike."
                : $"Merging would free {zero} out of {Size(held)}, and nothing else.";
        }

        return $"Merging would free {about}{Size(totals.SavableBytes)} of {Size(held)} "
            + $"({Percent(totals.SavableBytes, held)}), {AfterMetadata(totals)}"
            + (zero is null ? "." : $"; another {Size(totals.ZeroSavableBytes)} are zero pages.");
    }

    /// <summary>What a reader must know to read the numbers right; most important first.</summary>
    public static IEnumerable<string> Warnings(Estimate estimate)
    {
        if (estimate.IsSecondLookMissing)
        {
            yield return "Partial: the look was ended before the second of two looks. The counts are of what the first had read by then; "
                + "what changes in between is not known.";
        }
        else if (estimate.IsPartial)
        {
            yield return "Partial: the look was ended early. The counts are of what had been read by then, and they are too low.";
        }

        if (estimate.Sampling is { } sampling)
        {
            yield return $"Sampled: one content in {Count(sampling.OneIn)} was counted ({Count(sampling.SampledContents)} contents). "
                + $"With 95 % confidence the saving lies between {Size(sampling.SavablePagesLow * 4096)} and {Size(sampling.SavablePagesHigh * 4096)}.";
        }

        if (estimate.Verification is { DifferentPages: > 0 } verified)
        {
            yield return $"Of {Count(verified.ComparedPages)} duplicates compared byte by byte, {Count(verified.DifferentPages)} "
                + "differed: they were written to in between (that fingerprints collide is next to impossible).";
        }

        if (ZeroPadding(estimate.Totals) is { } padding)
        {
            yield return padding;
        }
    }

    /// <summary>The huge pages in one sentence, or null where there are none.</summary>
    /// <remarks>A sample sees the duplicates of some contents only; what it sees is a lower bound.</remarks>
    public static string? HugePages(Estimate estimate) => !estimate.HugePagesKnown
        ? "This kernel does not tell which pages are huge (Linux 6.7 and later do)."
        : estimate.Totals is var totals && totals.HugePages == 0
        ? null
        : totals.HugePagesToSplit == 0
        ? $"None of {Count(totals.HugePages, "huge page", "huge pages")} would be split."
        : (estimate.Sampling is null ? "" : "At least ") + $"{Count(totals.HugePagesToSplit)} of {Count(totals.HugePages, "huge page", "huge pages")} ({Size(totals.HugePages * 2 << 20)}) would be split into 4 KiB "
        + $"pages; {Percent(totals.HugePageDuplicatePages, totals.HugePagesToSplit * 512)} of what they hold is duplicate or zero. "
        + "A split page costs its program more TLB misses.";

    /// <summary>What the look cost, in one sentence.</summary>
    public static string Cost(Estimate estimate)
    {
        var cost = estimate.Cost;
        var each = cost.PagesRead == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {cost.CpuSeconds * 1e6 / cost.PagesRead:0.00} µs a page");
        return $"{Count(cost.PagesRead, "page", "pages")} read in {Seconds(cost.WallSeconds)}, with {Seconds(cost.CpuSeconds)} of CPU time{each} "
            + $"and {Size(cost.PeakRssBytes)} of memory at most.";
    }

    /// <summary>How frames were told apart, where that was not exact; else null.</summary>
    public static string? FrameIdentity(Estimate estimate) => estimate.FrameIdentity == Estimating.FrameIdentity.FrameNumber
        ? null
        : "Frame numbers were not readable (CAP_SYS_ADMIN): pages that are mapped more than once and equal in several processes were taken to be shared already, equal pages of one process not, unless KSM has merged some there.";

    private static string AfterMetadata(PageCounts totals) => totals.NetSavableBytes switch
    {
        >= 0 => $"{Size(totals.NetSavableBytes)} after metadata",
        _ when totals.NetSavableBytes + totals.ZeroSavableBytes > 0 =>
            $"less than its metadata ({Size(totals.MetadataBytes)}), so that it pays only by its zero pages",
        _ => $"less than its metadata ({Size(totals.MetadataBytes)}), so that it would not pay",
    };

    /// <summary>Zero pages outweigh all else and huge pages hold them: padding, which merging is a dear cure for.</summary>
    private static string? ZeroPadding(PageCounts totals)
    {
        var isPadding = totals.ZeroSavableBytes > totals.SavableBytes
            && totals.HugePagesToSplit > 0
            && totals.HugePageDuplicatePages * 2 > totals.ZeroPages;
        return isPadding
            ? $"Most of what could be freed ({Size(totals.ZeroSavableBytes)}) is zero pages, and huge pages hold them: memory that transparent "
                + "huge pages filled up and nobody wrote to. Merging frees it by splitting huge pages, and khugepaged may fill it "
                + "again. Consider transparent_hugepage=madvise, or a lower khugepaged/max_ptes_none, before merging."
            : null;
    }
}
