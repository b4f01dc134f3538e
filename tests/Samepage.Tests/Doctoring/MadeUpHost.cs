using Samepage.Doctoring;
using Samepage.Linux;
using Samepage.Linux.Probes;
using Samepage.Linux.Proc;

namespace Samepage.Tests.Doctoring;

/// <summary>A host that has everything, on disk and in its answers; each test takes away what it is about.</summary>
internal sealed class MadeUpHost : IKernelProbes, IDisposable
{
    private static readonly UserfaultOffer s_allOffered = new(Errno.None, true, true, true);

    public MadeUpHost()
    {
        foreach (var (path, text) in new[]
        {
            ("proc/sys/kernel/osrelease", "6.18.1-test\n"), ("proc/sys/kernel/yama/ptrace_scope", "0\n"),
            ("proc/self/status", "Name:\tsamepage\nCapEff:\t000001ffffffffff\n"),
            ("proc/self/mounts", "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n"),
            ("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n/dev/zram0 partition 8388604 0 100\n"),
            ("proc/sys/vm/overcommit_memory", "0\n"), ("proc/sys/vm/max_map_count", "1048576\n"),
            ("proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"),
            ("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu lm avx2 avx512f avx512bw avx512vl vpclmulqdq\n"),
            ("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n"), ("sys/block/zram0/size", "0\n"),
            ("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"),
            ("sys/kernel/mm/ksm/run", "1\n"), ("sys/kernel/mm/ksm/pages_to_scan", "5000\n"),
            ("sys/kernel/mm/ksm/sleep_millisecs", "20\n"), ("sys/kernel/mm/ksm/smart_scan", "0\n"),
            ("sys/kernel/mm/ksm/advisor_mode", "[none] scan-time\n"),
        })
        {
            Tree[path] = text;
        }
    }

    public TemporaryTree Tree { get; } = new();

    public Errno OptInAnswer { get; set; }

    public bool? InheritanceAnswer { get; set; } = true;

    public Errno PagemapScanAnswer { get; set; }

    public Errno ReadAnswer { get; set; }

    public Errno WriteAnswer { get; set; }

    public bool FrameNumbersAnswer { get; set; } = true;

    public UserfaultOffer CallAnswer { get; set; } = s_allOffered;

    public UserfaultOffer DeviceAnswer { get; set; } = s_allOffered;

    public void RemoveKsm()
    {
        Directory.Delete(Tree.PathOf("sys/kernel/mm/ksm"), recursive: true);
        OptInAnswer = Errno.EINVAL;
    }

    /// <summary>The daemon that drives ksmd.</summary>
    public string? Driver { get; set; }

    public HostReport Inspect() =>
        new Inspector(new ProcFs(Tree.PathOf("proc")), Tree.PathOf("sys"), this, Driver).Inspect();

    public Finding Find(string id) => Inspect().Findings.Single(finding => finding.Id == id);

    public void Dispose() => Tree.Dispose();

    Errno IKernelProbes.OptIn() => OptInAnswer;

    bool? IKernelProbes.IsOptInKeptOverExec() => InheritanceAnswer;

    Errno IKernelProbes.PagemapScan() => PagemapScanAnswer;

    bool IKernelProbes.ShowsFrameNumbers() => FrameNumbersAnswer;

    Errno IKernelProbes.ProcessVmRead() => ReadAnswer;

    UserfaultOffer IKernelProbes.UserfaultBySystemCall() => CallAnswer;

    UserfaultOffer IKernelProbes.UserfaultByDevice() => DeviceAnswer;

    Errno IKernelProbes.OpenForWriting(string path) => WriteAnswer;
}
