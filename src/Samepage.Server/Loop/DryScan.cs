using System.Globalization;
using Samepage.Governing;

namespace Samepage.Server.Loop;

/// <summary>Carries out nothing: for <c>--dry-run</c>, and for kernels without merging.</summary>
internal sealed class DryScan : IKernelScan
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Apply(ScanOrder order) => [];
}

/// <summary>Orders in words.</summary>
public static class OrderWords
{
    /// <summary>"ksmd stands still" or "ksmd scans 200 pages, then sleeps 20 ms".</summary>
    public static string Of(ScanOrder order) => order.IsRunning
        ? string.Create(CultureInfo.InvariantCulture, $"ksmd scans {order.PagesToScan} pages, then sleeps {order.SleepMilliseconds} ms{(order.PassesOver ? "" : ", without smart scan")}")
        : "ksmd stands still";
}
