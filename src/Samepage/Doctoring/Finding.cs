namespace Samepage.Doctoring;

/// <summary>How well a machine offers one thing.</summary>
public enum FindingState
{
    /// <summary>There, and usable by this caller.</summary>
    Ok,

    /// <summary>There in part, switched off, or not for this caller.</summary>
    Limited,

    /// <summary>Not there.</summary>
    Missing,
}

/// <summary>One thing looked at.</summary>
/// <param name="Id">A stable name for scripts, such as <c>ksm</c>.</param>
/// <param name="Group">The heading it belongs under.</param>
/// <param name="Title">What was looked at, in a word or two.</param>
/// <param name="State">How well the machine offers it.</param>
/// <param name="Found">What was found.</param>
/// <param name="Meaning">What that means for the operator.</param>
/// <param name="Remedy">How to mend it; null where there is nothing to mend.</param>
/// <param name="IsRequired">Without it the kernel cannot merge here.</param>
public sealed record Finding(
    string Id, string Group, string Title, FindingState State, string Found, string Meaning, string? Remedy = null,
    bool IsRequired = false);

/// <summary>All that was found.</summary>
/// <param name="Kernel">The kernel's release.</param>
/// <param name="Findings">In the order of their groups.</param>
public sealed record HostReport(string Kernel, IReadOnlyList<Finding> Findings)
{
    /// <summary>Whether merging by the kernel works on this machine.</summary>
    public bool CanMerge => Findings.All(finding => !finding.IsRequired || finding.State != FindingState.Missing);
}
