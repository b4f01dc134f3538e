using Samepage.Governing;

namespace Samepage.Server.History.Recording;

/// <summary>
/// Lets a governor decide anew over recorded samples. It is an open loop: the samples are of what ksmd did then, whatever is
/// ordered now, so orders show what this governor thinks of that load, and not what would have come of it.
/// </summary>
public static class GovernorReplay
{
    /// <summary>Its decisions, one for each sample that was due.</summary>
    /// <param name="samples">The samples, in the order in which they were taken.</param>
    /// <param name="options">What the governor may.</param>
    public static IEnumerable<GovernorDecision> Run(IEnumerable<HostSample> samples, GovernorOptions options)
    {
        var governor = new Governor(options);
        TimeSpan? next = null;
        foreach (var sample in samples)
        {
            // A governor that wants to look again in two seconds is not shown what lies between, as the daemon would not.
            if (next is { } due && sample.At < due)
            {
                continue;
            }

            var decision = governor.Decide(sample);
            next = sample.At + decision.NextLook - TimeSpan.FromMilliseconds(100);
            yield return decision;
        }
    }

    /// <summary>Those at which the mode or the order changed.</summary>
    public static IReadOnlyList<GovernorDecision> Changes(IEnumerable<GovernorDecision> decisions)
    {
        var changes = new List<GovernorDecision>();
        foreach (var decision in decisions)
        {
            if (changes is not [.., var last] || last.Mode != decision.Mode || last.Order != decision.Order)
            {
                changes.Add(decision);
            }
        }

        return changes;
    }
}
