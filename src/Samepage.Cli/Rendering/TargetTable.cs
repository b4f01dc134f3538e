using System.Globalization;
using Samepage.Estimating;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>
/// One row for each process. Most columns say what would be found if only that process were scanned; SAVABLE and NET
/// are its share of the whole, and add up. SHARED is pages whose frame something else maps too.
/// </summary>
internal sealed class TargetTable(Estimate estimate, EstimateOptions options)
{
    private readonly IReadOnlyList<long> _net = estimate.AttributedNetBytes();
    private readonly bool _inGibibytes = estimate.Totals.PresentPages * 4096 >= 100L << 30;

    /// <summary>Writes the targets given by index; those without a row of their own are summed up in one.</summary>
    public void Write(IAnsiConsole console, IReadOnlyList<int> shown, IReadOnlyList<int> others)
    {
        var table = new TextTable()
            .AddColumn("PID").AddColumn("PROCESS", isNumber: false)
            .AddColumn("PRESENT").AddColumn("ZERO").AddColumn("DISTINCT", rank: 1).AddColumn("SHARED", rank: 2);
        var hasVolatile = options.Interval is not null;
        var hasMerged = estimate.Totals.KsmMergedPages > 0;
        _ = hasVolatile ? table.AddColumn("VOLATILE", rank: 3) : table;
        _ = hasMerged ? table.AddColumn("KSM", rank: 4) : table;
        table.AddColumn("ALONE", rank: 5).AddColumn("SAVABLE").AddColumn("NET");

        void Row(string style, string pid, string name, string present, PageCounts? counts, long attributed, long net) => table.AddRow(style, [
            pid, name, present, Cell(counts?.ZeroPages * 4096), Cell(counts?.DistinctPages * 4096), Cell(counts?.PagesOnSharedFrames * 4096),
            .. hasVolatile ? [Cell(counts?.VolatilePages * 4096)] : Array.Empty<string>(),
            .. hasMerged ? [Cell(counts?.KsmMergedPages * 4096)] : Array.Empty<string>(),
            Cell(counts == estimate.Totals ? null : counts?.SavableBytes), Cell(attributed), Cell(net)]);

        foreach (var index in shown)
        {
            var target = estimate.Targets[index];
            Row(target.Note is null ? "default" : "yellow", target.Pid.ToString(CultureInfo.InvariantCulture), Readable.Name(target.Name),
                Cell(target.Counts.PresentPages * 4096), target.Counts, target.AttributedBytes, _net[index]);
        }

        if (others.Count > 0)
        {
            Row("dim", "", $"and {Readable.Count(others.Count)} more", Cell(others.Sum(index => estimate.Targets[index].Counts.PresentPages) * 4096), null,
                others.Sum(index => estimate.Targets[index].AttributedBytes), others.Sum(index => _net[index]));
        }

        Row("bold", "", "total", Cell(estimate.Totals.PresentPages * 4096), estimate.Totals, estimate.Totals.SavableBytes, estimate.Totals.NetSavableBytes);
        console.WriteHeading($"By process, {(_inGibibytes ? "GiB" : "MiB")}, most savable first");
        var leftOut = table.Write(console);
        console.WriteParagraph(
            "SAVABLE and NET are a process's share of the whole"
            + (leftOut.Contains("ALONE") ? "." : "; ALONE is what would go if only it were merged.")
            + (leftOut.Count == 0 ? "" : $" No room for {string.Join(", ", leftOut)}: widen the window, or use --json."), "dim");
    }

    private string Cell(long? bytes) => bytes is not { } value ? "" : value == 0 ? "0"
        : (value / (_inGibibytes ? 1073741824.0 : 1048576.0)).ToString("#,0.0", CultureInfo.InvariantCulture);
}
