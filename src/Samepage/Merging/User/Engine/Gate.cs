using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Samepage.Merging.User.Protocol;

namespace Samepage.Merging.User.Engine;

// The C# side of gate.h and of what it takes from samepage.h, field by field. The gate is a mapping of its own; nothing
// here ever moves. A test has the C compiler confirm every size and offset.

/// <summary><c>enum samepage_state</c>.</summary>
internal enum MemberState : uint
{
    None = 0,
    Joining = 1,
    Merging = 2,
    Stopped = 3,
    Child = 4,
}

/// <summary><c>enum samepage_request_kind</c>.</summary>
internal enum GateRequestKind : uint
{
    None = 0,
    Unmerge = 1,
    Scan = 2,
    Leave = 3,
    Limits = 4,
    Stop = 5,
}

/// <summary><c>enum samepage_pace</c>.</summary>
internal enum Pace : uint
{
    Normal = 0,
    Eager = 1,
}

/// <summary><c>struct samepage_limits</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GateLimits
{
    public uint Size;
    public uint Pace;
    public uint CpuPercentMax;
    public uint WindowPagesMax;
    public ulong MappingsMax;
}

/// <summary>Bits of <see cref="GateRange.Standing"/>.</summary>
internal static class GateStanding
{
    public const uint Excluded = 1;
    public const uint DontFork = 2;
    public const uint DontDump = 4;
}

/// <summary><c>struct samepage_range</c>: written by the program's threads, read by the engine, under the hold lock.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GateRange
{
    public ulong Start;
    public ulong End;
    public uint Standing;
    public uint Changes;
}

/// <summary><c>struct samepage_edit</c>: where a change of ranges or mappings was.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GateEdit
{
    public ulong Start;
    public ulong End;
}

/// <summary><c>struct samepage_request</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GateRequest
{
    public uint Kind;
    public uint IsDone;
    public ulong Address;
    public ulong Length;
    public long Argument;
    public long Result;
}

/// <summary><c>struct samepage_gate</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Gate
{
    public uint Size;
    public uint Version;
    public uint State;
    public uint Doorbell;
    public uint Changes;
    public uint RangeCount;
    public uint StatisticsSequence;
    public uint Reserved;
    public fixed byte Domain[DomainBytes];
    public fixed byte Keeper[KeeperBytes];
    public GateLimits Limits;
    public GateRequest Request;
    public MemberCounters Statistics;
    public fixed ulong Stalls[ReportBody.StallBuckets];
    public fixed byte Reason[ReportBody.ReasonBytes];
    public GateRanges Ranges;
    public GateEdits Edits;

    public const uint CurrentVersion = 2;
    public const int DomainBytes = 48;
    public const int KeeperBytes = 256;
    public const int RangesMax = 1024;
    public const int EditsMax = 128;
}

/// <summary>The ranges of <see cref="Gate"/>.</summary>
[InlineArray(Gate.RangesMax)]
internal struct GateRanges
{
    private GateRange _first;
}

/// <summary>The edits of <see cref="Gate"/>.</summary>
[InlineArray(Gate.EditsMax)]
internal struct GateEdits
{
    private GateEdit _first;
}

/// <summary><c>struct samepage_gate_calls</c>: what the gate does for the engine.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct GateCalls
{
    public uint Size;
    public uint Reserved;
    public delegate* unmanaged<void> Hold;
    public delegate* unmanaged<void> Release;
    public delegate* unmanaged<int> SpawnKeeper;
    public delegate* unmanaged<int> ForkProbeBegin;
    public delegate* unmanaged<int, void> ForkProbeEnd;
}
