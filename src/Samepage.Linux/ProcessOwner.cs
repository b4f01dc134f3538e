using Samepage.Linux.Interop;

namespace Samepage.Linux;

/// <summary>On whose behalf this process acts.</summary>
public static class ProcessOwner
{
    /// <summary>The effective user.</summary>
    public static uint EffectiveUser => Libc.geteuid();
}
