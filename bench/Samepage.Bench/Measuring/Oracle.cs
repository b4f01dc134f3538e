using System.Globalization;
using System.Text.Json;

namespace Samepage.Bench.Measuring;

/// <summary>What could be saved, by `samepage estimate` in a process of its own.</summary>
internal sealed record Oracle(long PresentPages, long DistinctPages, long SavablePages, long ZeroPages, double CpuSeconds)
{
    /// <summary>All frames that perfect merging would free: duplicates, and pages of zeros but one.</summary>
    public long Pages => SavablePages + Math.Max(0, ZeroPages - 1);

    public static Oracle Look(IEnumerable<int> pids)
    {
        var list = string.Join(',', pids.Select(pid => pid.ToString(CultureInfo.InvariantCulture)));
        var cost = NativeProgram.Cost(Machine.SamepageBinary, "estimate", "--pid", list, "--json");
        using var json = JsonDocument.Parse(cost.Output);
        var totals = json.RootElement.GetProperty("totals");
        long Number(string name) => totals.GetProperty(name).GetInt64();
        return new Oracle(
            Number("present_pages"), Number("distinct_pages"), Number("savable_pages"), Number("zero_pages"), cost.CpuSeconds);
    }
}
