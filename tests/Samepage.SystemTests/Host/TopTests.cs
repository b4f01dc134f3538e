using System.Diagnostics;
using System.Globalization;

namespace Samepage.SystemTests.Host;

/// <summary>Drives top on a real terminal: a tmux server of the test's own, keys sent, the pane read back.</summary>
public sealed class TopTests : IDisposable
{
    private readonly string _socket = $"samepage-test-{Guid.NewGuid():N}";

    public TopTests()
    {
        Assert.SkipUnless(Tool.Run("sh", "-c", "command -v tmux").Status == 0, "tmux is not installed");
        Assert.SkipUnless(Directory.Exists("/sys/kernel/mm/ksm"), "this kernel has no KSM");
        Tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", "env", "PS1=prompt> ", "sh");
        Until(() => Pane().Contains("prompt>"), "the shell is up");
    }

    [Fact]
    public void Q_leaves_the_terminal_as_it_was() => RunAndLeave(() => Type("q"));

    [Fact]
    public void Ctrl_C_leaves_the_terminal_as_it_was() => RunAndLeave(() => Keys("C-c"));

    [Fact]
    public void Sigterm_leaves_the_terminal_as_it_was() =>
        RunAndLeave(() => Tool.Signal(TopPid(), "TERM"));

    [Fact]
    public void Ctrl_Z_does_not_strand_the_terminal()
    {
        StartTop();
        Keys("C-z");
        Thread.Sleep(300);
        Assert.Equal("1", Display("alternate_on"));
        Type("q");
        Until(() => Display("alternate_on") == "0", "top has left");
    }

    /// <summary>
    /// An error in the middle: keys come from another terminal, and that one goes. What it drew on must be put back
    /// although what it read from cannot be.
    /// </summary>
    [Fact]
    public void An_error_leaves_the_screen_as_it_was()
    {
        Tmux("new-window", "-d", "-n", "keys", "sleep", "1000");
        var keys = Tmux("display-message", "-p", "-t", "keys", "#{pane_tty}").Trim();
        Type($"{SamepageCommand.Executable} top < {keys}; echo ended $?.\n");
        Until(() => Display("alternate_on") == "1" && Pane().Contains("q quit"), "top has drawn");
        Tmux("kill-window", "-t", "keys");
        Until(() => Display("alternate_on") == "0" && Pane().Contains("ended 1."), "top has ended");
        Assert.Contains("the terminal is gone", Pane());
        Assert.Equal("1", Display("cursor_flag"));
    }

    [Fact]
    public void Keys_sort_and_the_window_may_change()
    {
        StartTop();
        Assert.Contains("by saved", Pane());
        Type("n");
        Until(() => Pane().Contains("by name"), "sorted by name");
        Type("r");
        Until(() => Pane().Contains("by name, reversed"), "reversed");
        Tmux("resize-window", "-x", "60", "-y", "12");
        Until(() => Pane().TrimEnd('\n').Split('\n') is { Length: <= 12 } lines && lines[^1].StartsWith("by name", StringComparison.Ordinal), "drawn anew");
        Tmux("resize-window", "-x", "140", "-y", "40");
        Until(() => Pane().Contains("q quit"), "drawn wide");
        Type("q");
        Until(() => Display("alternate_on") == "0", "top has left");
    }

    /// <summary>A look at two seconds' distance: less than 2 % of a CPU, measured over six seconds.</summary>
    [Fact]
    public void It_costs_little()
    {
        StartTop();
        var pid = TopPid();
        var before = CpuSeconds(pid);
        Thread.Sleep(6_000);
        var share = (CpuSeconds(pid) - before) / 6;
        Type("q");
        Until(() => Display("alternate_on") == "0", "top has left");
        Assert.True(share < 0.02, string.Create(CultureInfo.InvariantCulture, $"{share:P1}"));
    }

    [Fact]
    public void Without_a_terminal_it_says_what_to_do()
    {
        var (status, _, errors) = SamepageCommand.Run("top");
        Assert.Equal(2, status);
        Assert.Contains("needs a terminal; 'samepage status", errors);
    }

    public void Dispose() => Tool.Run("tmux", "-L", _socket, "kill-server");

    private void RunAndLeave(Action leave)
    {
        var settings = Settings();
        StartTop();
        // The positive control: while it runs, the terminal is not as it was.
        Assert.Equal("0", Display("cursor_flag"));
        Assert.NotEqual(settings, Settings());
        leave();
        Until(() => Display("alternate_on") == "0", "top has left the alternate screen");
        Until(() => Pane().Contains("ended 0."), "top has ended");
        Assert.Equal("1", Display("cursor_flag"));
        Assert.Equal(settings, Settings());
        Assert.Contains("prompt>", Pane());
        Type("echo typed\\ again\n");
        Until(() => Pane().Contains("typed again"), "the shell echoes");
    }

    private void StartTop()
    {
        Type($"{SamepageCommand.Executable} top; echo ended $?.\n");
        Until(() => Display("alternate_on") == "1" && Pane().Contains("q quit"), "top has drawn");
    }

    private string Settings() => Tool.Run("stty", "-a", "-F", Display("pane_tty")).Output;

    private int TopPid() => int.Parse(
        Tool.Run("ps", "-o", "pid=,comm=", "-t", Display("pane_tty")["/dev/".Length..]).Output
            .Split('\n').Single(line => line.EndsWith("samepage", StringComparison.Ordinal)).Trim().Split(' ')[0],
        CultureInfo.InvariantCulture);

    private static double CpuSeconds(int pid) => Samepage.Linux.Proc.ProcessStat.TryRead(new(), pid)!.CpuSeconds;

    private string Pane() => Tmux("capture-pane", "-p");

    private string Display(string variable) => Tmux("display-message", "-p", $"#{{{variable}}}").Trim();

    private void Type(string text) => Tmux("send-keys", "-l", text);

    private void Keys(string key) => Tmux("send-keys", key);

    private string Tmux(params string[] arguments)
    {
        var (status, output, errors) = Tool.Run("tmux", ["-L", _socket, .. arguments]);
        return status == 0 ? output : throw new InvalidOperationException($"tmux {string.Join(' ', arguments)}: {errors}");
    }

    private void Until(Func<bool> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15), $"not in time: {what}\n{Pane()}");
            Thread.Sleep(30);
        }
    }
}
