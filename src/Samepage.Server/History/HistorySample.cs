using Samepage.Server.Loop;

namespace Samepage.Server.History;

/// <summary>The host over ten seconds.</summary>
/// <param name="At">Their beginning, in seconds since 1970.</param>
/// <param name="Values">One for each of <see cref="HistorySeries.Host"/>.</param>
public sealed record HistorySample(long At, IReadOnlyList<double?> Values);

/// <summary>Who a process is, for as long as anybody may ask.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="StartTicks">When it started, in ticks since boot.</param>
/// <param name="Boot">The boot that this was in.</param>
/// <param name="Name">Its command name.</param>
/// <param name="Guest">The guest that it runs; null where none.</param>
public sealed record ProcessIdentity(int Pid, long StartTicks, string Boot, string Name, string? Guest);

/// <summary>What merging did for a process at a time.</summary>
/// <param name="Identity">The process.</param>
/// <param name="SavedPages">Merged and zero pages.</param>
/// <param name="TrackedPages">Pages with metadata.</param>
public sealed record ProcessSample(ProcessIdentity Identity, long SavedPages, long TrackedPages);

/// <summary>A decision with the weight that the log gave it.</summary>
/// <param name="Level">How much it matters.</param>
/// <param name="Decision">What was decided.</param>
public sealed record ToldDecision(LogLevel Level, Decision Decision);
