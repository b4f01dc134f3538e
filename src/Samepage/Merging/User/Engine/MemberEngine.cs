namespace Samepage.Merging.User.Engine;

/// <summary>The engine of one member.</summary>
internal static unsafe class MemberEngine
{
    /// <summary>Runs on the thread that the gate started, until the process has left the domain.</summary>
    public static int Run(Gate* gate, GateCalls* calls)
    {
        _ = calls;
        Volatile.Write(ref gate->State, (uint)MemberState.Stopped);
        "not built"u8.CopyTo(new Span<byte>(gate->Reason, ReportSize));
        return 0;
    }

    private const int ReportSize = Protocol.ReportBody.ReasonBytes;
}
