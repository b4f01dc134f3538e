using System.Runtime.InteropServices;
using System.Text;
using Samepage.Linux;
using Samepage.Merging.User.Engine;

namespace Samepage.Native;

/// <summary>What the gate finds in libsamepage-engine.so.</summary>
internal static unsafe class EngineExport
{
    /// <summary>Runs the engine until the process has left its domain. No exception crosses: it would end the program.</summary>
    /// <returns>0, or a negative errno where the engine ended before that.</returns>
    [UnmanagedCallersOnly(EntryPoint = "samepage_engine_run")]
    public static int Run(Gate* gate, GateCalls* calls)
    {
        try
        {
            return MemberEngine.Run(gate, calls);
        }
#pragma warning disable CA1031 // Whatever it is: the program must go on, and be told by state and reason.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Volatile.Write(ref gate->State, (uint)MemberState.Stopped);
            Tell(gate, $"the engine failed: {error.GetType().Name} {error.Message}");
            return -(int)Errno.EIO;
        }
    }

    private static void Tell(Gate* gate, string reason)
    {
        // SAFETY: the gate's reason has so many bytes, of which the last stays zero; this thread is its only writer.
        var text = new Span<byte>(gate->Reason, Samepage.Merging.User.Protocol.ReportBody.ReasonBytes);
        text.Clear();
        _ = Encoding.UTF8.TryGetBytes(reason, text[..^1], out _);
    }
}
