using System.Runtime.InteropServices;

namespace Samepage.Merging.User.Protocol;

// What a member and its keeper say to each other, over a SOCK_SEQPACKET socket of the Unix domain: one packet is one
// message, a header and its body. The member asks, the keeper answers with the same sequence number; it never speaks
// first. All integers are little-endian, as on the only machine that this can cross. docs/internals/user-engine.md
// tells the states of both sides.

/// <summary>The kinds of messages.</summary>
internal enum MessageKind : ushort
{
    /// <summary>No message.</summary>
    None = 0,

    /// <summary>Member: I join. Body <see cref="HelloBody"/>. Answered by <see cref="Welcome"/>.</summary>
    Hello = 1,

    /// <summary>Keeper: you are in. Body <see cref="WelcomeBody"/>, then the key of the fingerprints; carries /dev/userfaultfd where the keeper may open it.</summary>
    Welcome = 2,

    /// <summary>Member: carries a new userfaultfd, whose features only the keeper may have the privilege to ask for. Body <see cref="ArmBody"/>. Answered by <see cref="Done"/>, whose value is the features.</summary>
    Arm = 3,

    /// <summary>Member: fingerprints of pages. Body <see cref="PostBody"/>, then so many ulong fingerprints, then so many uint page tokens. Answered by <see cref="Answers"/>.</summary>
    Post = 4,

    /// <summary>Keeper: what to do with each. Body <see cref="AnswersBody"/>, then so many ulong of <see cref="Answer"/>.</summary>
    Answers = 5,

    /// <summary>Member: carries a sealed segment. No body. Answered by <see cref="Done"/>, whose value is the segment's number. Said again after a keeper's restart, by each who holds it.</summary>
    Segment = 6,

    /// <summary>Member: give me this segment. Body <see cref="SegmentBody"/>. Answered by <see cref="Done"/> with the descriptor, value: its pages. From now on the member counts as its user.</summary>
    Open = 7,

    /// <summary>Member: I map nothing of this segment any more. Body <see cref="SegmentBody"/>. Answered by <see cref="Done"/>.</summary>
    Close = 8,

    /// <summary>Member: how I am. Body <see cref="ReportBody"/>, then so many <see cref="SegmentUse"/>. Answered by <see cref="Acknowledged"/>.</summary>
    Report = 9,

    /// <summary>Keeper: what is new for the member. Body <see cref="AcknowledgedBody"/>, then so many uint numbers of segments that the member should empty.</summary>
    Acknowledged = 10,

    /// <summary>Keeper: the answer to most. Body <see cref="DoneBody"/>.</summary>
    Done = 11,

    /// <summary>Anyone who may connect, without joining: tell me of the domain. No body. Answered by <see cref="Done"/> with a sealed memory file of JSON, value: its bytes.</summary>
    Query = 12,

    /// <summary>Member: lend me a file to copy pages into. No body. Answered by <see cref="Done"/> with the descriptor, EPERM where the keeper cannot make one.</summary>
    Scratch = 13,
}

/// <summary>Sizes and numbers that both sides rely on.</summary>
internal static class ProtocolLimits
{
    /// <summary>"SPG1".</summary>
    public const uint Magic = 0x3147_5053;

    /// <summary>The version of these messages; both sides must speak the same.</summary>
    public const ushort Version = 2;

    /// <summary>No message is longer, header included.</summary>
    public const int MessageBytesMax = 64 * 1024;

    /// <summary>Fingerprints in one <see cref="MessageKind.Post"/>.</summary>
    public const int PostPagesMax = 4096;

    /// <summary>Pages of a segment: 64 MiB.</summary>
    public const int SegmentPagesMax = 16384;

    /// <summary>Bytes of a <see cref="MessageKind.Scratch"/> file: as many as are copied at once.</summary>
    public const int ScratchBytes = 512 * 1024;

    /// <summary>Lines of <see cref="SegmentUse"/> in a report.</summary>
    public const int ReportedSegmentsMax = 4096;
}

/// <summary>Stands before every body.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MessageHeader
{
    public uint Magic;
    public ushort Version;
    public MessageKind Kind;
    public uint Sequence;
    public uint BodyBytes;
}

/// <summary>Body of <see cref="MessageKind.Hello"/>. Who speaks is learnt from the socket, not from here.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct HelloBody
{
    /// <summary>The engine's thread, which a privileged keeper may let run at real-time priority in its windows.</summary>
    public int EngineThread;
    public uint Reserved;
}

/// <summary>Body of <see cref="MessageKind.Welcome"/>; the key of <see cref="Pages.PageHasher.KeyBytes"/> bytes follows.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct WelcomeBody
{
    public uint Member;
    public uint KeyBytes;
}

/// <summary>Body of <see cref="MessageKind.Arm"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ArmBody
{
    /// <summary>Features to ask for; the keeper asks for nothing else than fork events and MOVE.</summary>
    public ulong Features;
}

/// <summary>Body of <see cref="MessageKind.Post"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PostBody
{
    public uint Count;
    public uint Reserved;
}

/// <summary>Body of <see cref="MessageKind.Answers"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AnswersBody
{
    public uint Count;
    public uint Reserved;
}

/// <summary>Body of <see cref="MessageKind.Open"/> and <see cref="MessageKind.Close"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SegmentBody
{
    public uint Segment;
    public uint Reserved;
}

/// <summary>Body of <see cref="MessageKind.Done"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DoneBody
{
    /// <summary>0, or the errno of why not.</summary>
    public int Errno;
    public uint Reserved;
    public ulong Value;
}

/// <summary>Body of <see cref="MessageKind.Report"/>: counters as in samepage.h, for whoever asks the keeper.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ReportBody
{
    public MemberCounters Counters;
    public unsafe fixed ulong Stalls[StallBuckets];
    public unsafe fixed byte Reason[ReasonBytes];
    public uint SegmentCount;
    public uint Reserved;

    /// <summary>Buckets of the histogram of windows.</summary>
    public const int StallBuckets = 24;

    /// <summary>Room for the reason, zero-terminated UTF-8.</summary>
    public const int ReasonBytes = 256;
}

/// <summary>How many pages of a segment a member maps and has not written since.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SegmentUse
{
    public uint Segment;
    public uint Pages;
}

/// <summary>Body of <see cref="MessageKind.Acknowledged"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AcknowledgedBody
{
    /// <summary>Contents that this member noted and somebody has promoted since its last full sweep: reason for another.</summary>
    public uint News;

    /// <summary>Numbers of segments that follow: sparsely used, to be emptied and closed.</summary>
    public uint RetiringCount;
}
