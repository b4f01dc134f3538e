using Samepage.Governing;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Cli;

/// <summary>What the verbs of the kernel engine need of the machine, and the one thing they may switch on.</summary>
internal static class Ksmd
{
    /// <summary>Refuses where this kernel cannot do it at all.</summary>
    public static KsmSysfs Require()
    {
        var ksm = new KsmSysfs();
        if (!ksm.Exists)
        {
            throw new CommandFailure(ExitCode.Missing, $"this kernel was built without merging (CONFIG_KSM): {ksm.Root} is missing; boot one that has it");
        }

        return MemoryMerge.IsOptedIn is null
            ? throw new CommandFailure(ExitCode.Missing, "this kernel cannot opt processes in (prctl PR_SET_MEMORY_MERGE); 6.4 or later can")
            : ksm;
    }

    /// <summary>
    /// Puts back what a demonstration that was killed has left of its own settings, and says so. A caller who may not
    /// write them leaves that to the next.
    /// </summary>
    public static void PutBackLeftovers(KsmSysfs ksm)
    {
        try
        {
            foreach (var setting in SavedSettings.RestoreLeftBehind(ksm, StateDirectory.Default, new ProcFs()))
            {
                StandardError.Tell($"put back what a demonstration that was killed had left: {setting}");
            }
        }
        catch (Exception error) when (error is LinuxException or IOException or UnauthorizedAccessException)
        {
            StandardError.Tell($"ksmd has settings of a demonstration that was killed: {error.Message}");
        }
    }

    /// <summary>Tells the next status that memory was newly offered: an earlier convergence says nothing any more.</summary>
    public static void ForgetConvergence() => new ObservationStore(ObservationStore.DefaultDirectory(), new ProcFs()).Forget();

    /// <summary>Refuses where ksmd stands still, is wanted, and is neither the caller's to start nor a daemon's.</summary>
    public static void RequireStart(KsmSysfs ksm)
    {
        if (!ksm.IsRunning && DaemonQuery.DriverInWords() is null && KernelFile.TryOpenForWriting($"{ksm.Root}/run") is not Errno.None and var errno)
        {
            throw new CommandFailure(
                ExitCode.NotPermitted,
                errno == Errno.EROFS
                    ? $"ksmd stands still and {ksm.Root}/run is on a read-only mount; mount sysfs writable, write 1 there yourself, or use --no-start"
                    : $"ksmd stands still and starting it needs root (writing 1 to {ksm.Root}/run: {errno}); or use --no-start");
        }
    }

    /// <summary>
    /// Starts ksmd where it stands still, and says so. Beside a daemon it is left to that: who writes its setting a second
    /// time is taken to insist, and neither governor nor guard could hold ksmd back any more.
    /// </summary>
    /// <returns>Whether it was started.</returns>
    public static bool Start(KsmSysfs ksm)
    {
        if (ksm.IsRunning)
        {
            return false;
        }

        if (DaemonQuery.DriverInWords() is { } driver)
        {
            StandardError.Tell(DaemonQuery.LeftTo(driver));
            return false;
        }

        ksm.Write("run", 1);
        StandardError.Tell($"started ksmd (wrote 1 to {ksm.Root}/run)");
        return true;
    }
}
