using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Swapping;
using Samepage.Linux.Sys;
using Samepage.Scenarios.Guests;
using Samepage.Scenarios.Guests.Desktop;
using Samepage.Scenarios.Limits;
using Samepage.Scenarios.Ready;
using Samepage.Scenarios.Running;

namespace Samepage.Scenarios.FiftyTwo;

/// <summary>
/// The claim that the kernel's merging was introduced with, anyone's to repeat: 52 desktop-like guests of 1 GB under a
/// limit of 16 GB.
/// </summary>
public sealed class FiftyTwoScenario : IScenario
{
    private const long GiB = 1L << 30;

    /// <summary>What the host itself needs beside what the guests may have.</summary>
    private const long HostReserve = 256L << 20;

    /// <inheritdoc/>
    public string Name => "fifty-two";

    /// <inheritdoc/>
    public string Summary => "52 desktop-like QEMU guests of 1 GB each come up under a limit of 16 GB, are merged meanwhile, and check all that they hold";

    /// <inheritdoc/>
    public ScenarioDefaults Defaults { get; } = new(52, GiB, 16 * GiB)
    {
        ProgramsRange = (1, 1024),
        ProgramBytesRange = (DesktopGuestOptions.MemoryBytesMin, 64 * GiB),
        KnowsUntilFull = true,
        KnowsControl = true,
    };

    /// <inheritdoc/>
    public IReadOnlyList<ScenarioLack> FindLacks(ScenarioRequest request)
    {
        if (CurrentUser.Id != 0)
        {
            return [new ScenarioLack(ScenarioLackKind.NotPermitted, "limiting memory and adding swap are root's: run it as root")];
        }

        var lacks = new List<ScenarioLack>();
        void Missing(string what) => lacks.Add(new ScenarioLack(ScenarioLackKind.Missing, what));
        var proc = new ProcFs();
        _ = GuestTools.Find(out var tools);
        foreach (var tool in tools.Concat(DesktopImage.Missing()))
        {
            Missing($"missing: {tool}");
        }

        if (MemoryGroup.Lack() is { } group)
        {
            Missing($"missing: {group}");
        }

        if (request.Engine == ScenarioEngine.Kernel && KsmLack(new KsmSysfs()) is { } ksm)
        {
            Missing(ksm);
        }

        if (request.Engine == ScenarioEngine.Kernel && HeldLack.Find(new KsmSysfs(), request.StateDirectory, proc) is { } held)
        {
            lacks.Add(held);
        }

        if (MemInfo.Read(proc).AvailableBytes is var available && available < request.HostBytes + HostReserve)
        {
            Missing($"too little memory: the guests may have {Size(request.HostBytes)}, and {Size(available)} are available here; a smaller --host would do");
        }

        if (DiskLack(request) is { } disk)
        {
            Missing(disk);
        }

        if (Emulators(proc) is > 0 and var others)
        {
            lacks.Add(new ScenarioLack(ScenarioLackKind.Busy, $"{others} other QEMU processes are running here, and would be merged and measured with these; end them, or say --anyway"));
        }

        return lacks;
    }

    /// <inheritdoc/>
    public ScenarioResult Run(ScenarioRequest request, IScenarioView view, CancellationToken cancel) =>
        new FiftyTwoRun(Name, request, FiftyTwoPromise.IsFull(request, Defaults), view).Run(cancel);

    private static string? KsmLack(KsmSysfs ksm) =>
        !ksm.Exists ? $"missing: KSM in the kernel (CONFIG_KSM; {ksm.Root} is not there); --engine user needs none"
        : KernelFile.TryOpenForWriting($"{ksm.Root}/run") is not Errno.None and var errno ? $"missing: a writable {ksm.Root} ({errno}); --engine user needs none"
        : null;

    /// <summary>Nothing is made, so the directory may not be there yet: the next one above tells.</summary>
    private static string? DiskLack(ScenarioRequest request)
    {
        var directory = ReadySwap.DirectoryIn(request.StateDirectory);
        while (!Directory.Exists(directory))
        {
            directory = Path.GetDirectoryName(directory)!;
        }

        var (support, free, total) = SwapFile.Look(directory);
        var wanted = FiftyTwoRun.SwapBytes(request);
        var room = free - (long)(total * ReadySwap.DiskReserveShare);
        return support.Refusal is { } refusal ? $"{directory}: {refusal}"
            : wanted > room ? $"too little disk: {Size(wanted)} of swap are to stand ready, and {directory} has room for {Size(room)}; fewer --guests, or a lower --coverage, would do"
            : null;
    }

    /// <summary>QEMU processes that run here, under any name that distributions give them.</summary>
    internal static int Emulators(ProcFs proc) =>
        proc.ListProcesses().Count(pid => ProcessStat.TryRead(proc, pid) is { State: not 'Z', IsKernelThread: false } stat && IsEmulator(stat.Name));

    /// <summary>RHEL calls it qemu-kvm, Proxmox kvm.</summary>
    private static bool IsEmulator(string name) =>
        name.StartsWith("qemu-system", StringComparison.Ordinal) || name is "qemu-kvm" or "kvm";

    private static string Size(long bytes) => Governing.Figures.Bytes(bytes);
}
