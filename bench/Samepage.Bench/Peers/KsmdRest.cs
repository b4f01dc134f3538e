using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Scenarios.Trials;

namespace Samepage.Bench.Peers;

/// <summary>Between two trials.</summary>
internal static class KsmdRest
{
    /// <summary>Has ksmd drop what it knew of programs that have ended, and leaves it standing still, with the kernel's own settings.</summary>
    public static void Forget(SavedSettings settings, KsmSysfs ksm)
    {
        settings.Set("pages_to_scan", "50000");
        settings.Set("sleep_millisecs", "10");
        settings.Set("run", "1");
        new MergeTrial(new ProcFs(), ksm).LetGo(TimeSpan.FromSeconds(60));
        settings.Set("run", "0");
        settings.Set("pages_to_scan", "100");
        settings.Set("sleep_millisecs", "20");
    }
}
