using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Swapping;

namespace Samepage.Guarding.Swapping;

/// <summary>What provisioning needs of the kernel. Calls that change something throw <see cref="LinuxException"/>.</summary>
public interface ISwapKernel
{
    /// <summary>Swap that is on.</summary>
    IReadOnlyList<SwapArea> Areas { get; }

    /// <summary>Memory and swap of the host.</summary>
    MemInfo Memory { get; }

    /// <summary>Every control group with a limit of memory: what comes back from swap is charged to the group that it went from.</summary>
    IReadOnlyList<ControlGroupHeadroom> Groups { get; }

    /// <summary>Whether there is zram.</summary>
    bool HasZram { get; }

    /// <summary>Names this run of the machine.</summary>
    string BootId { get; }

    /// <summary>What the file system of a directory does with swap files, and its room. Makes the directory where it is missing.</summary>
    (SwapSupport Support, long FreeBytes, long TotalBytes) Look(string directory);

    /// <summary>Whether something has this name.</summary>
    bool HasFile(string path);

    /// <summary>Makes a swap file with its header.</summary>
    void CreateFile(string path, long bytes, bool canReserve);

    /// <summary>Deletes a file; nothing happens where there is none.</summary>
    void DeleteFile(string path);

    /// <summary>Makes a zram device without a size.</summary>
    int AddZram();

    /// <summary>Gives it its size and header.</summary>
    void FormatZram(int device, long bytes);

    /// <summary>Whether a device is one that Samepage made: without a size yet, or with its label.</summary>
    bool IsOurs(int device);

    /// <summary>Removes a zram device.</summary>
    void RemoveZram(int device);

    /// <summary>The path of a zram device.</summary>
    string NodeOf(int device);

    /// <summary>Switches an area on.</summary>
    void SwitchOn(string path, int? priority);

    /// <summary>Reads an area back and switches it off.</summary>
    void SwitchOff(string path);
}
