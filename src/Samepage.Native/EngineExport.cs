using System.Runtime.InteropServices;
using Samepage.Merging.User.Engine;

namespace Samepage.Native;

/// <summary>What the gate finds in libsamepage-engine.so.</summary>
internal static unsafe class EngineExport
{
    /// <summary>Runs the engine until the process has left its domain. No exception crosses.</summary>
    [UnmanagedCallersOnly(EntryPoint = "samepage_engine_run")]
    public static int Run(Gate* gate, GateCalls* calls) => MemberEngine.Run(gate, calls);
}
