using System.Globalization;
using System.Text.Json;
using Samepage.Linux.Proc;
using Samepage.Scenarios.Guests;

namespace Samepage.Bench.Measuring;

/// <summary>What could be saved, by `samepage estimate` in a process of its own.</summary>
/// <param name="PresentPages">Pages of the programs' anonymous memory.</param>
/// <param name="DistinctPages">Contents among them.</param>
/// <param name="SavablePages">Duplicates that are not zeros.</param>
/// <param name="ZeroPages">Pages of zeros.</param>
/// <param name="OfferedPresentPages">Pages of the memory that is offered for merging.</param>
/// <param name="OfferedPages">Frames that perfect merging of that memory would free.</param>
/// <param name="CpuSeconds">What the look has cost.</param>
internal sealed record Oracle(
    long PresentPages, long DistinctPages, long SavablePages, long ZeroPages, long OfferedPresentPages, long OfferedPages,
    double CpuSeconds)
{
    /// <summary>
    /// Estimates guests, of which QEMU offers the guest's memory. QEMU's own heap and
    /// translations are not, so what they would save is taken out: their zero pages as counted, and of the other
    /// savings the part that their duplicates are of all duplicates.
    /// </summary>
    public static Oracle Look(IEnumerable<int> pids)
    {
        var list = string.Join(',', pids.Select(pid => pid.ToString(CultureInfo.InvariantCulture)));
        var cost = NativeProgram.Cost(Machine.SamepageBinary, "estimate", "--pid", list, "--json", "--address-map");
        using var json = JsonDocument.Parse(cost.Output);
        var totals = json.RootElement.GetProperty("totals");
        long Number(string name) => totals.GetProperty(name).GetInt64();
        long present = 0, zero = 0, duplicates = 0, duplicatesOfAll = 0;
        foreach (var target in json.RootElement.GetProperty("targets").EnumerateArray())
        {
            var offers = GuestMemory.Mappings(new ProcFs(), target.GetProperty("pid").GetInt32());
            foreach (var chunk in target.GetProperty("address_map").EnumerateArray())
            {
                duplicatesOfAll += chunk.GetProperty("duplicate_pages").GetInt64();
                if (Hexadecimal(chunk.GetProperty("address").GetString()!) is var address
                    && offers.Any(range => address >= range.Start && address < range.End))
                {
                    present += chunk.GetProperty("present_pages").GetInt64();
                    zero += chunk.GetProperty("zero_pages").GetInt64();
                    duplicates += chunk.GetProperty("duplicate_pages").GetInt64();
                }
            }
        }

        var savable = Number("savable_pages");
        var saved = duplicatesOfAll == 0 ? 0 : (long)((double)savable * duplicates / duplicatesOfAll);
        return new Oracle(
            Number("present_pages"), Number("distinct_pages"), savable, Number("zero_pages"), present,
            saved + Math.Max(0, zero - 1), cost.CpuSeconds);
    }

    private static ulong Hexadecimal(string text) =>
        ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
