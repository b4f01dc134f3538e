namespace Samepage.Guarding;

/// <summary>
/// Keeps an overcommitted host from falling over: watches what merged pages would need if they broke, against what
/// could be supplied, and orders what to do about it, gently first. It only thinks, never kills, and never unmerges:
/// breaking pages to lower the exposure would take the very memory that is short.
/// </summary>
/// <remarks>
/// Up the ladder it goes at once and as far as needed, but always rung by rung: whoever is refused admission was warned
/// of before. Down it goes one rung at a time, each after things have been better than what led there for
/// <see cref="GuardOptions.RelaxAfter"/>. Added swap is not a rung that is stepped down: it is what made things better,
/// and is withdrawn only where everything would stay calm without it. Not thread-safe.
/// </remarks>
/// <param name="options">What the operator set for the host, or for a scope by its name.</param>
public sealed class Guard(Func<GuardScope, GuardOptions> options)
{
    private readonly Dictionary<string, ScopeGuard> _scopes = [];

    /// <summary>The same options for all scopes.</summary>
    /// <exception cref="ArgumentException">The ladder lacks a rung or has no gaps.</exception>
    public Guard(GuardOptions options)
        : this(Always(Checked(options)))
    {
    }

    /// <summary>Takes in a sample, later than those before, and says what to do.</summary>
    public GuardVerdict Decide(GuardSample now)
    {
        var actions = new List<GuardAction>();
        var states = new List<GuardState>();
        foreach (var scope in now.Scopes)
        {
            if (!_scopes.TryGetValue(scope.Name, out var guard))
            {
                _scopes.Add(scope.Name, guard = new ScopeGuard(Checked(options(scope))));
            }

            states.Add(guard.Decide(now, scope, actions));
        }

        Forget(now);
        var host = states.FirstOrDefault(state => state.Scope.IsHost);
        return new GuardVerdict(states, actions, host is { IsGrowthHeld: true }, host is { Level: >= GuardLevel.Refuse });
    }

    private static Func<GuardScope, GuardOptions> Always(GuardOptions options) => _ => options;

    /// <summary>The ladder must have all its rungs, and each a gap between entering and leaving it.</summary>
    private static GuardOptions Checked(GuardOptions options)
    {
        var levels = options.Floors.Select(floor => floor.Level);
        return levels.SequenceEqual(Enum.GetValues<GuardLevel>().Skip(1))
            && options.Floors.All(floor => floor.EnterCoverage < floor.LeaveCoverage && floor.EnterPressure >= floor.LeavePressure)
            && options.Floors.Zip(options.Floors.Skip(1)).All(pair => pair.First.EnterCoverage >= pair.Second.EnterCoverage)
            ? options
            : throw new ArgumentException("one floor for each level, in order, none above the one before, each left at more coverage and less pressure than it is entered at", nameof(options));
    }

    /// <summary>Groups come and go by the thousand.</summary>
    private void Forget(GuardSample now)
    {
        if (_scopes.Count > now.Scopes.Count)
        {
            var names = now.Scopes.Select(scope => scope.Name).ToHashSet();
            foreach (var gone in _scopes.Keys.Where(name => !names.Contains(name)).ToList())
            {
                _scopes.Remove(gone);
            }
        }
    }
}
