namespace Samepage.Linux.Sockets;

/// <summary>Who connected, or whom one connected to, as the kernel noted it at that moment.</summary>
/// <param name="Pid">The process; 0 where it cannot be seen from this pid namespace.</param>
/// <param name="UserId">Its effective user.</param>
/// <param name="GroupId">Its effective group.</param>
public readonly record struct PeerCredentials(int Pid, uint UserId, uint GroupId);
