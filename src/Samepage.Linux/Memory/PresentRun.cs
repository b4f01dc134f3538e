namespace Samepage.Linux.Memory;

/// <summary>Contiguous present pages of one kind.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">Address behind the last.</param>
/// <param name="IsHuge">Huge pages back it.</param>
/// <param name="IsZeroFrame">The kernel's shared zero page (or huge zero page) backs it.</param>
public readonly record struct PresentRun(ulong Start, ulong End, bool IsHuge, bool IsZeroFrame);
