using System.Globalization;
using System.Security.Cryptography;

namespace Samepage.SystemTests.Merging;

/// <summary>Every byte in memory of some processes, as one digest a page, read through /proc/PID/mem.</summary>
internal static class ProcessContents
{
    private const int PageSize = 4096;

    /// <summary>Reads present pages only: reading a hole would put a page there.</summary>
    public static Dictionary<(int Pid, long Address), string> Of(IEnumerable<int> pids)
    {
        var digests = new Dictionary<(int, long), string>();
        foreach (var pid in pids)
        {
            using var memory = File.OpenRead($"/proc/{pid}/mem");
            var page = new byte[PageSize];
            foreach (var address in PresentPages(pid))
            {
                memory.Position = address;
                memory.ReadExactly(page);
                digests[(pid, address)] = Convert.ToHexString(SHA256.HashData(page));
            }
        }

        return digests;
    }

    /// <summary>Fails the test where a page is missing, new or different.</summary>
    public static void AssertEqual(Dictionary<(int Pid, long Address), string> expected, Dictionary<(int Pid, long Address), string> actual)
    {
        Assert.True(expected.Count > 1000, $"only {expected.Count} pages were there to compare");
        var different = expected.Keys.Union(actual.Keys)
            .Where(page => expected.GetValueOrDefault(page) != actual.GetValueOrDefault(page))
            .Select(page => $"{page.Pid}: {page.Address:x}");
        Assert.Empty(different);
    }

    /// <summary>Turns over the lowest bit of a byte in a process.</summary>
    public static void FlipBit(int pid, long address)
    {
        using var memory = new FileStream($"/proc/{pid}/mem", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        memory.Position = address;
        var value = memory.ReadByte();
        memory.Position = address;
        memory.WriteByte((byte)(value ^ 1));
    }

    private static IEnumerable<long> PresentPages(int pid)
    {
        using var pagemap = File.OpenRead($"/proc/{pid}/pagemap");
        foreach (var line in File.ReadLines($"/proc/{pid}/maps"))
        {
            // The kernel's own pages at the end cannot be read, or change with the time of day.
            var range = line.Split(' ')[0].Split('-');
            if (line.EndsWith(']') && (line.Contains("[v", StringComparison.Ordinal) || line.Contains("[uprobes", StringComparison.Ordinal)))
            {
                continue;
            }

            var (start, end) = (Hex(range[0]), Hex(range[1]));
            var entries = new byte[(end - start) / PageSize * 8];
            pagemap.Position = start / PageSize * 8;
            pagemap.ReadExactly(entries);
            for (var i = 0; i < entries.Length; i += 8)
            {
                if (BitConverter.ToUInt64(entries, i) >> 63 == 1)
                {
                    yield return start + (i / 8 * PageSize);
                }
            }
        }
    }

    private static long Hex(string text) => long.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
