using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Merging.User.Keeping;
using Samepage.Policies;

namespace Samepage.Server.Dashboard;

/// <summary>Where the dashboard's tables come from.</summary>
/// <param name="Proc">The host's processes.</param>
/// <param name="Reader">Reads what the kernel tells of merging; used by one thread at a time.</param>
/// <param name="Domains">What the keepers of domains said last.</param>
/// <param name="RuleNames">The names of the rules that processes fall under, by process number.</param>
/// <param name="Rules">The rules that hold.</param>
/// <param name="Clock">The time.</param>
public sealed record MergingSources(
    ProcFs Proc, MergingReader Reader, Func<IReadOnlyList<DomainReport>> Domains, Func<IReadOnlyDictionary<int, string>> RuleNames,
    Func<IReadOnlyList<PolicyRule>> Rules, TimeProvider Clock);
