using System.Globalization;
using System.Text.RegularExpressions;

namespace Samepage.SystemTests.Serving;

/// <summary>
/// The last rung but one of the guard, on the real kernel: two merged programs and one of its own contents in a control
/// group that could not hold them if pages broke, with a little swap. Cold pages of low priority go there, and nobody
/// else's.
/// </summary>
public sealed class PageOutTests : IDisposable
{
    private const int Pages = 60_000;
    private const long SwapBytes = 112L << 20, Slack = 16L << 20;

    /// <summary>On a disk: swap does not work in a memory file system.</summary>
    private readonly string _directory = Directory.CreateDirectory(
        $"/var/tmp/samepage-test-pageout-{Environment.ProcessId}", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;

    private readonly string _group;

    public PageOutTests()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "swap is switched on by root only");
        var root = Directory.Exists("/sys/fs/cgroup/memory") ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
        _group = Path.Combine(root, $"samepage-test-{Environment.ProcessId}");
        Directory.CreateDirectory(_group);
        Assert.SkipUnless(Limits(_group) is not null, "no memory controller at hand that could limit a control group");
    }

    private string Swap => Path.Combine(_directory, "swapfile");

    public void Dispose()
    {
        if (File.Exists(Swap))
        {
            _ = Tool.Run("swapoff", Swap);
        }

        Directory.Delete(_directory, recursive: true);
        SpinWait.SpinUntil(() => File.ReadAllText($"{_group}/cgroup.procs").Length == 0, TimeSpan.FromSeconds(10));
        Directory.Delete(_group);
    }

    [Theory]
    [InlineData("low")]
    [InlineData("normal")]
    public void Cold_pages_of_low_priority_go_to_swap_and_come_back_unchanged(string priority)
    {
        using var lease = KsmdLease.Take();
        Assert.Equal(0, Tool.Run("sh", "-c", $"fallocate -l {SwapBytes} {Swap} && chmod 600 {Swap} && mkswap -q {Swap} && swapon {Swap}").Status);
        File.WriteAllText(Path.Combine(_directory, "samepage.toml"), $"[[rule]]\nname = \"holders\"\nmatch = {{ comm = '^holder$' }}\nengine = \"kernel\"\npriority = \"{priority}\"\n");
        using var daemon = new ServeProcess(_directory, Member(1, seed: 1) + Member(2, seed: 1) + Member(3, seed: 2));
        daemon.Expect("READY=1");
        daemon.Until(() => lease.Ksm.SavedPages >= 0.95 * Pages, "merging", seconds: 150);
        Limit(Number(Limits(_group)!.Value.Used) + Slack);

        if (priority == "low")
        {
            daemon.Until(() => SwappedBytes() >= 64L << 20, "pages in swap", seconds: 40);
            Assert.Matches("MiB of low-priority processes are to be pushed out", daemon.Log);
            daemon.Until(() => Regex.IsMatch(daemon.Log, "[1-9][0-9]* MiB of [1-3] processes went to swap"), "what was told of it");
        }
        else
        {
            daemon.Until(() => daemon.Log.Contains("nothing can be pushed out: no process falls under a rule of low priority", StringComparison.Ordinal), "the refusal", seconds: 40);
            Assert.InRange(SwappedBytes(), 0, 1L << 20);
        }

        Limit(null);
        Assert.Equal(0, Tool.Run("swapoff", Swap).Status);
        Assert.All(new[] { 1, 2, 3 }, number => AssertAnswer(daemon, number, "check", "intact"));
        AssertAnswer(daemon, 3, "damage", "damaged");
        Assert.Equal(0, daemon.End("TERM"));
    }

    private static (string Used, string Limit)? Limits(string group) =>
        File.Exists($"{group}/memory.limit_in_bytes") ? ($"{group}/memory.usage_in_bytes", $"{group}/memory.limit_in_bytes")
        : File.Exists($"{group}/memory.max") ? ($"{group}/memory.current", $"{group}/memory.max")
        : null;

    private static long Number(string file) => long.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture);

    private void Limit(long? bytes) => File.WriteAllText(
        Limits(_group)!.Value.Limit, bytes?.ToString(CultureInfo.InvariantCulture) ?? (_group.StartsWith("/sys/fs/cgroup/memory/", StringComparison.Ordinal) ? "-1" : "max"));

    /// <summary>A program in the group that holds what others of its seed hold, and takes orders by a pipe of its own.</summary>
    private string Member(int number, int seed) =>
        $"mkfifo {_directory}/in{number}; "
        + $"sh -c 'echo $$ >{_group}/cgroup.procs; exec {TargetProgram.Compile("holder")} none {Pages} {Pages}' <>{_directory}/in{number} >{_directory}/out{number} & "
        + $"echo fill {seed} >{_directory}/in{number}; ";

    private void AssertAnswer(ServeProcess daemon, int number, string question, string answer)
    {
        File.AppendAllText($"{_directory}/in{number}", question + "\n");
        daemon.Until(() => File.ReadAllText($"{_directory}/out{number}").EndsWith($"\n{answer}\n", StringComparison.Ordinal), answer, seconds: 30);
    }

    private long SwappedBytes() => File.ReadAllLines($"{_group}/cgroup.procs").Sum(pid =>
        File.ReadLines($"/proc/{pid}/status").Where(line => line.StartsWith("VmSwap:", StringComparison.Ordinal))
            .Sum(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024));
}
