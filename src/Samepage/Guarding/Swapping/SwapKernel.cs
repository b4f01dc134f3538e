using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Swapping;

namespace Samepage.Guarding.Swapping;

/// <summary>The real kernel.</summary>
/// <param name="proc">The process file system.</param>
/// <param name="zram">Its zram devices.</param>
/// <param name="groupRoot">Where control groups are mounted.</param>
public sealed class SwapKernel(ProcFs proc, ZramControl zram, string groupRoot = "/sys/fs/cgroup") : ISwapKernel
{
    /// <summary>By this name in its header swap of Samepage's is known again.</summary>
    public const string Label = "samepage";

    private const int WritableByOthers = 0x12;

    /// <inheritdoc/>
    public IReadOnlyList<SwapArea> Areas => SwapArea.ReadAll(proc);

    /// <inheritdoc/>
    public MemInfo Memory => MemInfo.Read(proc);

    /// <inheritdoc/>
    public IReadOnlyList<ControlGroupHeadroom> Groups => ControlGroupHeadroom.OfAll(groupRoot);

    /// <inheritdoc/>
    public bool HasZram => zram.Exists;

    /// <inheritdoc/>
    public string BootId => KernelFile.TryReadText($"{proc.Root}/sys/kernel/random/boot_id")?.Trim() ?? "unknown";

    /// <inheritdoc/>
    public (SwapSupport Support, long FreeBytes, long TotalBytes) Look(string directory)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var look = SwapFile.Look(directory);
        return FileHandle.OwnerOfDirectory(directory) is { } owner && owner.UserId == CurrentUser.Id && (owner.Mode & WritableByOthers) == 0
            ? look
            : look with { Support = look.Support with { Refusal = $"{directory} is a link, or others own or may write it: swap holds everybody's memory; name a directory of root's with mode 0700" } };
    }

    /// <inheritdoc/>
    public bool HasFile(string path) => Path.Exists(path);

    /// <inheritdoc/>
    public void CreateFile(string path, long bytes, bool canReserve) => SwapFile.Create(path, bytes, Label, canReserve);

    /// <inheritdoc/>
    public void DeleteFile(string path) => File.Delete(path);

    /// <inheritdoc/>
    public int AddZram() => zram.Add();

    /// <inheritdoc/>
    public void FormatZram(int device, long bytes)
    {
        zram.SetSize(device, bytes);
        SwapSpace.Format(zram.NodeOf(device), bytes, Label);
    }

    /// <inheritdoc/>
    public bool IsOurs(int device) => zram.SizeOf(device) is { } size && (size == 0 || SwapSpace.LabelOf(zram.NodeOf(device)) == Label);

    /// <inheritdoc/>
    public void RemoveZram(int device) => zram.Remove(device);

    /// <inheritdoc/>
    public string NodeOf(int device) => zram.NodeOf(device);

    /// <inheritdoc/>
    public void SwitchOn(string path, int? priority) => SwapSpace.SwitchOn(path, priority);

    /// <inheritdoc/>
    public void SwitchOff(string path) => SwapSpace.SwitchOff(path);
}
