using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Tests.Governing;

public sealed class KernelScanTests : IDisposable
{
    private static readonly ScanOrder s_work = new(true, 2_500, 20, false);
    private readonly TemporaryTree _tree = new();
    private readonly List<string> _knobs = ["run", "pages_to_scan", "sleep_millisecs", "smart_scan", "advisor_mode"];

    public KernelScanTests()
    {
        (_tree["ksm/run"], _tree["ksm/pages_to_scan"], _tree["ksm/sleep_millisecs"]) = ("0\n", "100\n", "200\n");
        (_tree["ksm/smart_scan"], _tree["ksm/advisor_mode"]) = ("1\n", "none [scan-time]\n");
        (_tree["ksm/pages_sharing"], _tree["proc/sys/kernel/random/boot_id"]) = ("0\n", "boot\n");
    }

    private ProcFs Proc => new(_tree.PathOf("proc"));

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void Orders_are_written_and_what_was_found_is_put_back()
    {
        using (var scan = Take())
        {
            Assert.Empty(scan.Apply(s_work));
            Assert.Equal("1 2500 20 0 none", Knobs());
            Assert.Empty(scan.Apply(s_work with { PagesToScan = 600, SleepMilliseconds = 1000, PassesOver = true }));
            Assert.Equal("1 600 1000 1 none", Knobs());
            Assert.Empty(scan.Apply(s_work.Stop()));
            Assert.Equal("0 600 1000 1 none", Knobs());
        }

        Assert.Equal("0 100 200 1 scan-time", Knobs());
    }

    [Fact]
    public void What_a_killed_one_left_is_put_back_at_the_next_start()
    {
        // It is not disposed of, and the process that wrote the record is not in the made-up /proc.
        var killed = Take();
        killed.Apply(s_work);
        Assert.Equal("1 2500 20 0 none", Knobs());
        _tree.EndLocksOn("ksm");
        Take().Dispose();
        Assert.Equal("0 100 200 1 scan-time", Knobs());
        GC.KeepAlive(killed);
    }

    [Fact]
    public void What_somebody_else_changes_is_set_right_once_and_then_left_alone()
    {
        using var scan = Take();
        scan.Apply(s_work);
        _tree["ksm/pages_to_scan"] = "77\n";
        Assert.Equal(["somebody else changed pages_to_scan from 2500 to 77: set right this once"], scan.Apply(s_work));
        Assert.Equal("1 2500 20 0 none", Knobs());
        _tree["ksm/pages_to_scan"] = "78\n";
        Assert.Equal(["somebody else changed pages_to_scan from 2500 to 78 again: left alone until the policy is read anew"], scan.Apply(s_work));
        Assert.Empty(scan.Apply(s_work with { PagesToScan = 900 }));
        Assert.Equal(["pages_to_scan"], scan.LeftAlone);
        scan.Dispose();
        Assert.Equal("0 78 200 1 scan-time", Knobs());
    }

    /// <summary>Somebody who insists on run=1 takes guard and budget their brake; a reload gives it back.</summary>
    [Fact]
    public void What_was_left_alone_is_taken_up_again_when_the_operator_says_so()
    {
        using var scan = Take();
        foreach (var _ in new[] { 1, 2 })
        {
            scan.Apply(s_work.Stop());
            _tree["ksm/run"] = "1\n";
        }

        Assert.Contains("neither guard nor budget can hold ksmd back", Assert.Single(scan.Apply(s_work.Stop())), StringComparison.Ordinal);
        Assert.Equal(["run"], scan.LeftAlone);
        scan.Apply(s_work.Stop());
        Assert.StartsWith("1 ", Knobs(), StringComparison.Ordinal);
        scan.TakeUpAgain();
        Assert.Empty(scan.LeftAlone);
        Assert.Empty(scan.Apply(s_work.Stop()));
        Assert.StartsWith("0 ", Knobs(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_older_kernel_has_fewer_knobs()
    {
        _tree.Remove("ksm/smart_scan");
        _tree.Remove("ksm/advisor_mode");
        using var scan = Take();
        Assert.Empty(scan.Apply(s_work));
        Assert.Equal("2500", File.ReadAllText(_tree.PathOf("ksm/pages_to_scan")));
    }

    [Fact]
    public void The_kernels_zero_page_is_used_while_that_is_wanted_and_the_kernel_can_count_it()
    {
        (_tree["ksm/use_zero_pages"], _tree["ksm/ksm_zero_pages"]) = ("0\n", "0\n");
        _knobs.Add("use_zero_pages");
        using (var scan = Take())
        {
            scan.UsesZeroPage = true;
            Assert.Empty(scan.Apply(s_work));
            Assert.Equal("1 2500 20 0 none 1", Knobs());
            scan.UsesZeroPage = false;
            Assert.Empty(scan.Apply(s_work));
            Assert.Equal("1 2500 20 0 none 0", Knobs());

            // Before 6.6 what was merged so can neither be counted nor be undone.
            _tree.Remove("ksm/ksm_zero_pages");
            scan.UsesZeroPage = true;
            Assert.Empty(scan.Apply(s_work));
            Assert.Equal("1 2500 20 0 none 0", Knobs());
            _tree["ksm/ksm_zero_pages"] = "0\n";
            Assert.Empty(scan.Apply(s_work));
        }

        Assert.Equal("0 100 200 1 scan-time 0", Knobs());
    }

    private KernelScan Take() => KernelScan.Take(new KsmSysfs(_tree.PathOf("ksm")), _tree.PathOf("state"), Proc);

    private string Knobs() => string.Join(' ', _knobs.Select(knob => File.ReadAllText(_tree.PathOf($"ksm/{knob}")).Trim()));
}
