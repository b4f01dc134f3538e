namespace Samepage.Server.Dashboard;

/// <summary>Answers what an operator wonders about, without changing anything.</summary>
public interface IWhatIf
{
    /// <summary>Plans guests on a host, as <c>samepage.plan/1</c>. Thread-safe.</summary>
    /// <param name="question">What was asked.</param>
    /// <param name="estimate">An estimate whose processes the guests are like, as <c>samepage.estimate/1</c>; null where they share nothing.</param>
    /// <exception cref="WhatIfException">It cannot be planned; the message says why.</exception>
    byte[] Plan(PlanQuestion question, byte[]? estimate);

    /// <summary>Looks at processes, as <c>samepage.estimate/1</c>. Blocks for as long as that takes.</summary>
    /// <param name="pids">The processes.</param>
    /// <param name="limit">How long it may take; what was seen until then is marked as partial.</param>
    /// <exception cref="WhatIfException">Nothing came of it; the message says why.</exception>
    byte[] Estimate(IReadOnlyList<int> pids, TimeSpan limit);
}

/// <summary>What to plan, as it was typed; null where nothing was.</summary>
/// <param name="GuestSize">The memory that each guest is given.</param>
/// <param name="Guests">How many; as many as fit.</param>
/// <param name="Host">The memory of the host; this one's.</param>
/// <param name="Reserve">Of that, what is not for guests; the usual.</param>
/// <param name="Swap">Swap that the host has; none.</param>
public sealed record PlanQuestion(string? GuestSize, string? Guests, string? Host, string? Reserve, string? Swap);

/// <summary>A question that has no answer.</summary>
/// <param name="message">Why, in one line.</param>
public sealed class WhatIfException(string message) : Exception(message);
