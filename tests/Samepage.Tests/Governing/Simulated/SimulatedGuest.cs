namespace Samepage.Tests.Governing.Simulated;

/// <summary>What a simulated guest is made of.</summary>
/// <param name="Megabytes">Its memory.</param>
/// <param name="CommonShare">The part of it that other guests of its kind hold too.</param>
/// <param name="BusyShare">The part that is rewritten all the time.</param>
/// <param name="ChurnSeconds">How long a common megabyte stays unwritten, on average; 0 for ever.</param>
/// <param name="BootSeconds">How long it takes to fill its memory.</param>
/// <param name="Family">Guests of one family hold the same common part.</param>
internal sealed record GuestKind(
    int Megabytes = 1024, double CommonShare = 0.6, double BusyShare = 0.03, double ChurnSeconds = 0, double BootSeconds = 2, int Family = 0);

/// <summary>A guest: its blocks, and which of them change.</summary>
internal sealed class SimulatedGuest(GuestKind kind, TimeSpan arrivedAt)
{
    public GuestKind Kind { get; } = kind;

    public TimeSpan ArrivedAt { get; } = arrivedAt;

    /// <summary>What is there already.</summary>
    public List<SimulatedBlock> Blocks { get; } = [];
}
