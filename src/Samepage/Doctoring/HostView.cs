using System.Globalization;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Doctoring;

/// <summary>Capabilities that Samepage's work depends on, by their number in the kernel.</summary>
internal enum Capability
{
    SysPtrace = 19,
    SysAdmin = 21,
    SysNice = 23,
}

/// <summary>Where to look: kernel files under roots that tests replace, and the probes.</summary>
internal sealed class HostView(ProcFs proc, string sysRoot, IKernelProbes probes, string? driver)
{
    private readonly Lazy<ulong> _capabilities = new(() =>
        ProcessStatus.Parse(KernelFile.TryReadText($"{proc.Root}/self/status") ?? "").EffectiveCapabilities);

    public IKernelProbes Probes { get; } = probes;

    public string SysRoot { get; } = sysRoot;

    /// <summary>Who drives ksmd; null where nobody does.</summary>
    public string? Driver { get; } = driver;

    public KsmSysfs Ksm { get; } = new($"{sysRoot}/kernel/mm/ksm");

    public bool Has(Capability capability) => (_capabilities.Value >> (int)capability & 1) != 0;

    /// <summary>The trimmed text of a file under /proc, or null.</summary>
    public string? Proc(string file) => KernelFile.TryReadText($"{proc.Root}/{file}")?.Trim();

    /// <summary>The trimmed text of a file under /sys, or null.</summary>
    public string? Sys(string file) => KernelFile.TryReadText($"{SysRoot}/{file}")?.Trim();

    /// <summary>The number in a file under /proc, or null.</summary>
    public long? ProcNumber(string file) =>
        long.TryParse(Proc(file), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>The choice in brackets of a text such as "always [madvise] never", or null.</summary>
    public static string? Chosen(string? choices) =>
        choices?.Split('[', 2) is [_, var rest] && rest.IndexOf(']') is > 0 and var end ? rest[..end] : null;
}
