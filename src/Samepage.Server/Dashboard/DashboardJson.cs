using System.Text.Json.Serialization;

namespace Samepage.Server.Dashboard;

/// <summary>The processes that merging is about, as <c>samepage.processes/1</c>.</summary>
/// <param name="Schema">What this is.</param>
/// <param name="TakenAt">When they were looked at.</param>
/// <param name="Processes">The largest saving first.</param>
/// <param name="LeftOut">Further ones, for which there was no room.</param>
/// <param name="UnreadableProcesses">Processes that the daemon may not look at.</param>
public sealed record ProcessList(string Schema, DateTimeOffset TakenAt, IReadOnlyList<ProcessRow> Processes, int LeftOut, int UnreadableProcesses)
{
    /// <summary>The schema's name.</summary>
    public const string SchemaName = "samepage.processes/1";
}

/// <summary>A process, or a guest, that merging is about.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="Name">Its command name.</param>
/// <param name="Guest">The name of the guest that it runs; null where it runs none.</param>
/// <param name="Engine">Who merges it: "kernel" or "user".</param>
/// <param name="Domain">The domain of the user engine; null with the kernel's.</param>
/// <param name="State">"merging", "opted_in" (nothing merged yet), "named" (a rule is about it, and nothing was done yet), or what a member says of itself.</param>
/// <param name="Rule">The rule of the policy that it falls under; null where none.</param>
/// <param name="ControlGroup">Its control group.</param>
/// <param name="ResidentBytes">Its memory as the kernel counts it; null where it has gone.</param>
/// <param name="MergedPages">Pages that share a frame by merging.</param>
/// <param name="ZeroPages">Pages on the kernel's zero page; null with the user engine, which makes holes of them.</param>
/// <param name="SavedBytes">Both in bytes. One frame of each content remains and is not deducted.</param>
/// <param name="ProfitBytes">The same less the process's metadata; negative where it costs more than it saves.</param>
/// <param name="CowBreaksTotal">Writes that took a page out of sharing; null with the kernel's engine, which does not count them for a process.</param>
/// <param name="StallMicrosecondsMax">The longest that it was kept waiting for its own memory by merging; null with the kernel's engine.</param>
public sealed record ProcessRow(
    int Pid, string Name, string? Guest, string Engine, string? Domain, string State, string? Rule, string? ControlGroup,
    long? ResidentBytes, long MergedPages, long? ZeroPages, long SavedBytes, long ProfitBytes, long? CowBreaksTotal, double? StallMicrosecondsMax);

/// <summary>Who merges, as <c>samepage.domains/1</c>.</summary>
/// <param name="Schema">What this is.</param>
/// <param name="TakenAt">When they were looked at.</param>
/// <param name="Kernel">The kernel's engine, which is one domain.</param>
/// <param name="Domains">The domains of the user engine.</param>
public sealed record DomainList(string Schema, DateTimeOffset TakenAt, KernelPart Kernel, IReadOnlyList<DomainPart> Domains)
{
    /// <summary>The schema's name.</summary>
    public const string SchemaName = "samepage.domains/1";
}

/// <summary>The kernel's engine.</summary>
/// <param name="State">"absent", "stopped", "scanning" or "unmerging".</param>
/// <param name="Processes">Processes with merged pages.</param>
/// <param name="StablePages">Frames that stand for several pages.</param>
/// <param name="MergedPages">Pages that were saved by them.</param>
/// <param name="ZeroPages">Pages that were saved by the kernel's zero page.</param>
/// <param name="UnsharedPages">Pages that were unique when last seen.</param>
/// <param name="VolatilePages">Pages that were not placed: new, changing, or skipped.</param>
/// <param name="SavedBytes">What merging saves.</param>
/// <param name="MetadataBytes">What the kernel keeps for it.</param>
/// <param name="ProfitBytes">What remains.</param>
/// <param name="CowBreaksTotal">Writes to merged pages since boot; null where the kernel does not count them.</param>
/// <param name="CpuSeconds">CPU time of ksmd since boot; null where its thread cannot be seen.</param>
public sealed record KernelPart(
    string State, int Processes, long StablePages, long MergedPages, long ZeroPages, long UnsharedPages, long VolatilePages, long SavedBytes,
    long MetadataBytes, long ProfitBytes, long? CowBreaksTotal, double? CpuSeconds);

/// <summary>A domain of the user engine.</summary>
/// <param name="Domain">Its name.</param>
/// <param name="KeeperPid">Its keeper.</param>
/// <param name="KeeperUptimeSeconds">For how long that runs.</param>
/// <param name="KeeperRssBytes">Memory of the keeper.</param>
/// <param name="CpuSeconds">CPU time of the keeper and of its members' engines.</param>
/// <param name="Members">Processes in it.</param>
/// <param name="StablePages">Frames that stand for several pages.</param>
/// <param name="MergedPages">Pages mapped from them.</param>
/// <param name="SavedBytes">What that saves; negative where a member has just begun.</param>
/// <param name="CowBreaksTotal">Writes that took a page out of sharing.</param>
/// <param name="StallMicrosecondsMax">The longest that a member was kept waiting for its own memory.</param>
public sealed record DomainPart(
    string Domain, int KeeperPid, double KeeperUptimeSeconds, long KeeperRssBytes, double CpuSeconds, int Members, long StablePages,
    long MergedPages, long SavedBytes, long CowBreaksTotal, double StallMicrosecondsMax);

/// <summary>What the dashboard can show here besides the status, as <c>samepage.dashboard/1</c>.</summary>
/// <param name="Schema">What this is.</param>
/// <param name="History">A history is kept.</param>
/// <param name="Charts">The program was built with the chart library.</param>
/// <param name="Estimates">How many estimates were begun here; the latest is the number of the one that can be had.</param>
public sealed record DashboardAbilities(string Schema, bool History, bool Charts, long Estimates)
{
    /// <summary>The schema's name.</summary>
    public const string SchemaName = "samepage.dashboard/1";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ProcessList))]
[JsonSerializable(typeof(DomainList))]
[JsonSerializable(typeof(DashboardAbilities))]
internal sealed partial class DashboardJson : JsonSerializerContext;
