namespace Samepage.Linux.Proc;

/// <summary>One mapping of a process as <c>/proc/PID/smaps</c> shows it; sizes in bytes.</summary>
public sealed class MemoryRegion
{
    /// <summary>First address.</summary>
    public required ulong Start { get; init; }

    /// <summary>Address behind the last.</summary>
    public required ulong End { get; init; }

    /// <summary>May be read by the process.</summary>
    public required bool IsReadable { get; init; }

    /// <summary>Changes are shared with other mappings (MAP_SHARED).</summary>
    public required bool IsShared { get; init; }

    /// <summary>The inode behind it; 0 for anonymous memory.</summary>
    public required ulong Inode { get; init; }

    /// <summary>File, or the kernel's name in brackets, or empty.</summary>
    public required string Path { get; init; }

    /// <summary>Frames behind it.</summary>
    public long ResidentBytes { get; internal set; }

    /// <summary>Of these, anonymous: written by this process or its ancestors.</summary>
    public long AnonymousBytes { get; internal set; }

    /// <summary>Pages in swap.</summary>
    public long SwapBytes { get; internal set; }

    /// <summary>Pages that the kernel merged; null where it does not say (before 6.7).</summary>
    public long? MergedBytes { get; internal set; }

    /// <summary>The kernel's two-letter flags, each followed by a blank: "rd wr mr mw me ac ".</summary>
    public string Flags { get; internal set; } = "";

    /// <summary>Mapped length.</summary>
    public long Bytes => (long)(End - Start);

    /// <summary>Whether the kernel may merge pages of it: advised by the program, or opted in as a whole.</summary>
    public bool IsMergeable => Has("mg");

    /// <summary>Whether a flag of proc_pid_smaps(5), such as "ht", is set.</summary>
    public bool Has(string flag)
    {
        for (var i = 0; i + 1 < Flags.Length; i += 3)
        {
            if (Flags[i] == flag[0] && Flags[i + 1] == flag[1])
            {
                return true;
            }
        }

        return false;
    }
}
