using System.Globalization;

namespace Samepage.Linux.Proc;

/// <summary>What Samepage takes from <c>/proc/PID/status</c> (proc_pid_status(5)).</summary>
/// <param name="Name">The command name.</param>
/// <param name="UserId">Effective user; <see cref="uint.MaxValue"/>, which is nobody's number, where the text does not say.</param>
/// <param name="TracerPid">Who traces it; 0 for nobody.</param>
/// <param name="Threads">Threads in the group.</param>
/// <param name="Seccomp">0 off, 1 strict, 2 filtered.</param>
/// <param name="EffectiveCapabilities">Bit mask of capabilities.</param>
/// <param name="NamespacePids">Its number in each nested pid namespace, outermost first.</param>
/// <param name="ResidentBytes">Resident memory; 0 for kernel threads and zombies.</param>
/// <param name="SwappedBytes">Anonymous memory in swap.</param>
public sealed record ProcessStatus(
    string Name, uint UserId, int TracerPid, int Threads, int Seccomp, ulong EffectiveCapabilities,
    IReadOnlyList<int> NamespacePids, long ResidentBytes, long SwappedBytes)
{
    private static readonly char[] s_blanks = ['\t', ' '];

    /// <summary>Reads the file's text. Missing lines count as zero, as kernel threads have none of the memory lines.</summary>
    public static ProcessStatus Parse(string text)
    {
        var keyed = KeyedText.Parse(text);
        var users = (keyed.Text("Uid") ?? "").Split(s_blanks, StringSplitOptions.RemoveEmptyEntries);
        _ = ulong.TryParse(keyed.Text("CapEff"), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var capabilities);
        return new ProcessStatus(
            keyed.Text("Name") ?? "",
            users.Length > 1 && uint.TryParse(users[1], NumberStyles.None, CultureInfo.InvariantCulture, out var user) ? user : uint.MaxValue,
            keyed.Int("TracerPid") ?? 0,
            keyed.Int("Threads") ?? 0,
            keyed.Int("Seccomp") ?? 0,
            capabilities,
            Numbers(keyed.Text("NSpid")),
            keyed.Bytes("VmRSS") ?? 0,
            keyed.Bytes("VmSwap") ?? 0);
    }

    /// <summary>Reads the file of a process, or null where it is gone.</summary>
    public static ProcessStatus? TryRead(ProcFs proc, int pid) =>
        proc.TryRead(pid, "status") is { } text ? Parse(text) : null;

    private static List<int> Numbers(string? text)
    {
        var numbers = new List<int>();
        foreach (var part in (text ?? "").Split(s_blanks, StringSplitOptions.RemoveEmptyEntries))
        {
            if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }
}
