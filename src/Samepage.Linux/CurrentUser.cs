using Samepage.Linux.Interop;

namespace Samepage.Linux;

/// <summary>Who runs this process.</summary>
public static class CurrentUser
{
    /// <summary>The effective user.</summary>
    public static uint Id => Libc.geteuid();
}
