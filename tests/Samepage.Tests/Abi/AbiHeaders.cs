namespace Samepage.Tests.Abi;

/// <summary>
/// Where the raw layer's names come from. Who adds a Libc.&lt;Header&gt;.cs adds its header here; a name that no header
/// knows is reported as not checked, by name.
/// </summary>
internal static class AbiHeaders
{
    /// <summary>Included where the host has them, in this order.</summary>
    public static readonly string[] Includes =
    [
        "stddef.h", "stdint.h", "limits.h", "fcntl.h", "malloc.h", "poll.h", "sched.h", "signal.h", "spawn.h", "termios.h", "time.h", "unistd.h",
        "sys/epoll.h", "sys/eventfd.h", "sys/file.h", "sys/ioctl.h", "sys/mman.h", "sys/prctl.h", "sys/ptrace.h", "sys/resource.h", "sys/socket.h", "sys/stat.h", "sys/swap.h",
        "sys/syscall.h", "sys/types.h", "sys/uio.h", "sys/un.h", "sys/user.h", "sys/vfs.h", "sys/wait.h", "elf.h", "asm/unistd.h",
        "linux/audit.h", "linux/capability.h", "linux/elf.h", "linux/fs.h", "linux/futex.h", "linux/ioctl.h", "linux/magic.h",
        "linux/memfd.h", "linux/mman.h", "linux/mount.h", "linux/prctl.h",
        "linux/ptrace.h", "linux/rseq.h", "linux/sched.h", "linux/seccomp.h", "linux/types.h", "linux/userfaultfd.h",
    ];

    /// <summary>
    /// Younger than the headers of Debian 12 (6.1). Requests are built from the layout as the kernel documents it, so
    /// that number and struct check each other; plain values that the host's headers lack are not guessed here.
    /// </summary>
    public const string YoungerThanSomeHosts = """
        #ifndef PAGEMAP_SCAN
        struct page_region { uint64_t start, end, categories; };
        struct pm_scan_arg {
            uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
            uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
        };
        #define PAGEMAP_SCAN _IOWR('f', 16, struct pm_scan_arg)
        #endif
        """;

    private static readonly HashSet<string> s_typedefs = ["siginfo_t", "sigset_t", "stack_t", "cpu_set_t", "fd_set"];

    /// <summary>C fields whose C# spelling differs, as (struct, field).</summary>
    private static readonly Dictionary<(string Struct, string Field), string> s_fields = [];

    /// <summary>Structs of which only the head is written down: C's may be longer, the offsets must agree all the same.</summary>
    public static bool IsHeadOnly(string structName) => structName is "rseq";

    public static string StructName(string name) => s_typedefs.Contains(name) ? name : $"struct {name}";

    public static string FieldName(string structName, string field) => s_fields.GetValueOrDefault((structName, field), field);
}
