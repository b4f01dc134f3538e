using System.Globalization;
using System.Text.RegularExpressions;
using Samepage.Linux.Proc;

namespace Samepage.Linux.Swapping;

/// <summary>Swap that is switched on: one line of <c>/proc/swaps</c>.</summary>
/// <param name="Path">The file or device.</param>
/// <param name="TotalBytes">Its size.</param>
/// <param name="UsedBytes">How much of it holds something.</param>
/// <param name="Priority">The kernel fills areas of higher priority first.</param>
public sealed partial record SwapArea(string Path, long TotalBytes, long UsedBytes, int Priority)
{
    /// <summary>Whether it lies in memory, compressed.</summary>
    public bool IsZram => Path.StartsWith("/dev/zram", StringComparison.Ordinal);

    /// <summary>All areas; lines that cannot be understood are left out.</summary>
    public static IReadOnlyList<SwapArea> ReadAll(ProcFs proc) => Parse(KernelFile.TryReadText($"{proc.Root}/swaps") ?? "");

    /// <summary>Reads the file's text: a heading, then name, type, size, used (kB) and priority.</summary>
    public static IReadOnlyList<SwapArea> Parse(string text)
    {
        var areas = new List<SwapArea>();
        foreach (var line in text.Split('\n').Skip(1))
        {
            if (line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries) is [var name, _, var size, var used, var priority]
                && long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var total)
                && long.TryParse(used, NumberStyles.None, CultureInfo.InvariantCulture, out var taken)
                && int.TryParse(priority, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var order))
            {
                areas.Add(new SwapArea(Unescape(name), total * 1024, taken * 1024, order));
            }
        }

        return areas;
    }

    /// <summary>Blanks in names are written as octal numbers.</summary>
    private static string Unescape(string name) => OctalEscape().Replace(
        name, match => ((char)Convert.ToInt32(match.Groups[1].Value, 8)).ToString());

    [GeneratedRegex(@"\\([0-7]{3})")]
    private static partial Regex OctalEscape();
}
