using System.Globalization;
using Samepage.Linux.Proc;

namespace Samepage.Merging.Kernel;

/// <summary>
/// Finds a <c>syscall</c> instruction in the code that the kernel itself maps into every process (the vdso): the place
/// to make a call from when the thread does not stand behind one of its own.
/// </summary>
internal static class VdsoCall
{
    /// <summary>The two bytes of the instruction.</summary>
    public static ReadOnlySpan<byte> Instruction => [0x0f, 0x05];

    /// <summary>Its address, or null where the process has no vdso or it holds no such bytes.</summary>
    public static ulong? Find(ProcFs proc, int pid, int threadId)
    {
        foreach (var line in (proc.TryRead(pid, $"task/{threadId}/maps") ?? "").Split('\n'))
        {
            if (line.EndsWith("[vdso]", StringComparison.Ordinal) && Range(line) is var (start, end)
                && Code(proc, pid, threadId, start, end) is { } code && code.AsSpan().IndexOf(Instruction) is >= 0 and var at)
            {
                return start + (ulong)at;
            }
        }

        return null;
    }

    private static (ulong Start, ulong End)? Range(string line)
    {
        var dash = line.IndexOf('-', StringComparison.Ordinal);
        var blank = line.IndexOf(' ', StringComparison.Ordinal);
        return dash > 0 && blank > dash
            && ulong.TryParse(line.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var start)
            && ulong.TryParse(line.AsSpan(dash + 1, blank - dash - 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var end)
                ? (start, end)
                : null;
    }

    private static byte[]? Code(ProcFs proc, int pid, int threadId, ulong start, ulong end)
    {
        try
        {
            using var memory = File.OpenHandle(proc.PathOf(pid, $"task/{threadId}/mem"), share: FileShare.ReadWrite);
            var code = new byte[end - start];
            return RandomAccess.Read(memory, code, (long)start) == code.Length ? code : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
