using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Scenarios.Running;
using Samepage.Scenarios.Trials;

namespace Samepage.Scenarios.Ready;

/// <summary>What keeps ksmd from being driven here.</summary>
internal static class KernelLack
{
    /// <summary>Empty where nothing does.</summary>
    public static IEnumerable<ScenarioLack> Find(KsmSysfs ksm, ScenarioRequest request, ProcFs proc)
    {
        var isRefused = ksm.Exists && !Environment.IsPrivilegedProcess;
        return KernelDemonstration.FindMissing(ksm)
            .Select(what => new ScenarioLack(
                isRefused ? ScenarioLackKind.NotPermitted : ScenarioLackKind.Missing, "the kernel engine lacks " + what))
            .Concat(HeldLack.Find(ksm, request.StateDirectory, proc) is { } held ? [held] : []);
    }
}

/// <summary>Another samepage drives ksmd.</summary>
internal static class HeldLack
{
    /// <summary>Null where nobody does. It may still come later: whoever takes the settings says so then.</summary>
    /// <param name="ksm">Its settings.</param>
    /// <param name="stateDirectory">Where settings found are noted.</param>
    /// <param name="proc">Where processes are looked up.</param>
    public static ScenarioLack? Find(KsmSysfs ksm, string stateDirectory, ProcFs proc) =>
        SavedSettings.FindHolder(ksm, stateDirectory, proc) is { } pid
            ? new ScenarioLack(ScenarioLackKind.Held, new SettingsHeldException(pid).Message)
            : null;
}

/// <summary>Too little memory.</summary>
internal static class MemoryLack
{
    /// <summary>A quarter of what is available stays free; null where the rest is enough.</summary>
    /// <param name="proc">Where the host's memory is told.</param>
    /// <param name="neededBytes">What all programs take together.</param>
    public static ScenarioLack? Find(ProcFs proc, long neededBytes)
    {
        var available = MemInfo.Read(proc).AvailableBytes;
        return neededBytes <= available * 3 / 4
            ? null
            : new ScenarioLack(
                ScenarioLackKind.Missing,
                $"the programs need {Figures.Bytes(neededBytes)}, and three quarters of the {Figures.Bytes(available)} available are less; ask for fewer with --guests or for smaller ones with --guest-size");
    }
}
