using System.Globalization;

namespace Samepage.Linux.Proc;

/// <summary>A mapping as <c>/proc/PID/maps</c> has it (proc_pid_maps(5)): cheaper than smaps, and without what lies in it.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">Address behind the last.</param>
/// <param name="Permissions">Four letters, such as <c>rw-p</c>.</param>
/// <param name="HasFile">A file is behind it, of whatever kind.</param>
public readonly record struct MapsLine(ulong Start, ulong End, string Permissions, bool HasFile)
{
    /// <summary>Private memory that can be read and written and not executed.</summary>
    public bool IsPrivateData => Permissions == "rw-p";

    /// <summary>The mappings of a process, by their addresses.</summary>
    /// <exception cref="LinuxException">It has ended, or may not be looked at.</exception>
    public static IReadOnlyList<MapsLine> Read(ProcFs proc, int pid) =>
        [.. proc.Read(pid, "maps").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];

    private static MapsLine Parse(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var bounds = words[0].Split('-');
        return new MapsLine(Hexadecimal(bounds[0]), Hexadecimal(bounds[1]), words[1], words[4] != "0");
    }

    private static ulong Hexadecimal(string text) => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
