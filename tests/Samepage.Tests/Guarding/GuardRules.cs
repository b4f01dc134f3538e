using Samepage.Guarding;

namespace Samepage.Tests.Guarding;

/// <summary>What any history of orders must obey, whoever gave them.</summary>
internal static class GuardRules
{
    private static readonly Dictionary<GuardActionKind, GuardActionKind> s_opposites = new()
    {
        [GuardActionKind.StopGrowing] = GuardActionKind.AllowGrowing,
        [GuardActionKind.Warn] = GuardActionKind.ClearWarning,
        [GuardActionKind.ProvisionSwap] = GuardActionKind.WithdrawSwap,
        [GuardActionKind.PageOut] = GuardActionKind.EndPageOut,
        [GuardActionKind.RefuseAdmission] = GuardActionKind.AllowAdmission,
    };

    /// <summary>What is wrong with a history, or null.</summary>
    public static string? Violation(IEnumerable<(TimeSpan At, GuardScope Scope, GuardAction Action)> history, GuardOptions options)
    {
        var last = new Dictionary<GuardActionKind, TimeSpan>();
        foreach (var (at, scope, action) in history)
        {
            if (!action.Reason.Any(char.IsAsciiDigit) || !action.Reason.Contains("exposure", StringComparison.Ordinal))
            {
                return $"{action.Kind} without figures: {action.Reason}";
            }

            var isProtection = s_opposites.TryGetValue(action.Kind, out var relaxation);
            if (isProtection)
            {
                if (last.TryGetValue(relaxation, out var relaxed) && at - relaxed < options.RepeatAfter)
                {
                    return $"{action.Kind} at {at} so soon after {relaxation} at {relaxed}";
                }

                if (Missing(last, action.Kind, scope, options) is { } missing)
                {
                    return $"{action.Kind} at {at} before {missing}";
                }
            }
            else
            {
                var protection = s_opposites.First(pair => pair.Value == action.Kind).Key;

                // Swap may have been added by the process before this one; nothing else can be taken back unordered.
                var isKnown = last.TryGetValue(protection, out var ordered);

                // Growth alone may go on sooner, where swap came that covers it.
                var isCovered = action.Kind == GuardActionKind.AllowGrowing && scope.Coverage >= options.Floors[0].LeaveCoverage
                    && action.Reason.StartsWith("swap was added", StringComparison.Ordinal);
                if (isKnown ? at - ordered < (isCovered ? options.RepeatAfter : options.RelaxAfter) : action.Kind != GuardActionKind.WithdrawSwap)
                {
                    return $"{action.Kind} at {at}, {protection} at {ordered}";
                }
            }

            last[action.Kind] = at;
        }

        return null;
    }

    /// <summary>A gentler action that is not in force, though it should have come first.</summary>
    private static GuardActionKind? Missing(Dictionary<GuardActionKind, TimeSpan> last, GuardActionKind kind, GuardScope scope, GuardOptions options)
    {
        bool IsInForce(GuardActionKind protection) => last.TryGetValue(protection, out var ordered)
            && !(last.TryGetValue(s_opposites[protection], out var relaxed) && relaxed > ordered);
        var needed = new List<GuardActionKind>();
        if (kind > GuardActionKind.StopGrowing && scope.Coverage < options.Floors[0].EnterCoverage)
        {
            needed.Add(GuardActionKind.StopGrowing);
        }

        if (kind > GuardActionKind.Warn)
        {
            needed.Add(GuardActionKind.Warn);
        }

        return needed.Where(each => !IsInForce(each)).Select(each => (GuardActionKind?)each).FirstOrDefault();
    }
}
