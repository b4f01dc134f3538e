using System.Runtime.InteropServices;
using Samepage.Merging.User.Protocol;

namespace Samepage.Merging.User.Engine;

// The C# side of src/Samepage.Native/gate.h, struct by struct and name by name; a test compares sizes and offsets.

/// <summary>Values of <see cref="Gate.State"/>, as in samepage.h.</summary>
internal enum MemberState : uint
{
    /// <summary>Not joined.</summary>
    None = 0,

    /// <summary>No keeper yet, or again.</summary>
    Joining = 1,

    /// <summary>At work.</summary>
    Merging = 2,

    /// <summary>Merges nothing more; the reason says why.</summary>
    Stopped = 3,

    /// <summary>A forked child of a member.</summary>
    Child = 4,
}

/// <summary>What a program's thread may ask of the engine.</summary>
internal enum RequestKind : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Make a range anonymous and private again.</summary>
    Unmerge = 1,

    /// <summary>Look at everything now.</summary>
    Scan = 2,

    /// <summary>Unmerge all, then stop.</summary>
    Leave = 3,

    /// <summary>The limits were set anew.</summary>
    Limits = 4,
}

/// <summary>How eagerly to merge.</summary>
internal enum Pace : uint
{
    /// <summary>Within the CPU limit.</summary>
    Normal = 0,

    /// <summary>Without pause.</summary>
    Eager = 1,
}

/// <summary>A range under advice. Written by the program's threads, read by the engine, both under the hold lock.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GateRange
{
    public ulong Start;
    public ulong End;
    public uint IsExcluded;
    public uint Changes;
}

/// <summary>struct samepage_limits.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GateLimits
{
    public uint Size;
    public uint Pace;
    public uint CpuPercentMax;
    public uint WindowPagesMax;
    public ulong MappingsMax;
}

/// <summary>struct samepage_request.</summary>
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

/// <summary>struct samepage_gate: what the gate and the engine of one process share.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Gate
{
    public const int RangesMax = 1024;
    public const int DescriptorsMax = 1024;
    public const int DomainBytes = 48;
    public const int KeeperBytes = 256;
    public const int ReasonBytes = 256;
    public const uint Version1 = 1;

    public uint Size;
    public uint Version;
    public uint State;
    public uint Doorbell;
    public uint Changes;
    public uint RangeCount;
    public uint StatisticsSequence;
    public uint DescriptorCount;
    public fixed byte Domain[DomainBytes];
    public fixed byte Keeper[KeeperBytes];
    public GateLimits Limits;
    public GateRequest Request;
    public MemberCounters Statistics;
    public fixed ulong Stalls[ReportBody.StallBuckets];
    public fixed byte Reason[ReasonBytes];
    public fixed int Descriptors[DescriptorsMax];

    /// <summary>The first of <see cref="RangesMax"/> ranges.</summary>
    public GateRange FirstRange;
}

/// <summary>struct samepage_gate_calls: what the gate does for the engine.</summary>
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
