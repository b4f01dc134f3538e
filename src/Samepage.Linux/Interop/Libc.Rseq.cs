namespace Samepage.Linux.Interop;

// <linux/rseq.h>: what a thread's restartable sequence is described by, and where its area points to it.
internal static unsafe partial class Libc
{
    public struct rseq_cs
    {
        public uint version;
        public uint flags;
        public ulong start_ip;
        public ulong post_commit_offset;
        public ulong abort_ip;
    }

    // The head of struct rseq, which is longer; only its pointer to the current section is read.
    public struct rseq
    {
        public uint cpu_id_start;
        public uint cpu_id;
        public ulong rseq_cs;
    }
}
