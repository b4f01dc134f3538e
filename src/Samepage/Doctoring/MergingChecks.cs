using Samepage.Linux;

namespace Samepage.Doctoring;

/// <summary>KSM itself: compiled in, running, held by the advisor, and how a process opts in.</summary>
internal static class MergingChecks
{
    private const string Group = "Merging by the kernel";

    public static IEnumerable<Finding> Look(HostView host)
    {
        yield return Compiled(host);
        if (host.Ksm.Exists)
        {
            yield return Ksmd(host);
            yield return Pace(host);
            yield return SmartScan(host);
        }

        foreach (var finding in OptIn(host))
        {
            yield return finding;
        }
    }

    private static Finding Compiled(HostView host) => host.Ksm.Exists
        ? new Finding("ksm", Group, "KSM", FindingState.Ok, "compiled in",
            "the kernel can merge equal anonymous pages of processes that opted in", IsRequired: true)
        : new Finding("ksm", Group, "KSM", FindingState.Missing, $"{host.Ksm.Root} does not exist",
            "nothing can be merged by the kernel here; estimates still work",
            "boot a kernel with CONFIG_KSM=y; in a container, ask on the host", IsRequired: true);

    private static Finding Ksmd(HostView host)
    {
        Finding Say(FindingState state, string found, string meaning, string? remedy = null) =>
            new("ksmd", Group, "ksmd", state, found, meaning, remedy, IsRequired: true);
        var error = host.Probes.OpenForWriting($"{host.Ksm.Root}/run");
        return (host.Ksm.Number("run"), error) switch
        {
            (1, Errno.None) => Say(FindingState.Ok, "scanning (run=1)", "what opts in is merged from now on"),
            (0, _) when host.Driver is { } driver => Say(FindingState.Ok, "stands still (run=0)", $"{driver} has it scan when it is worth it; leave its settings to that"),
            (1, _) => Say(FindingState.Ok, $"scanning (run=1); its knobs are not yours to write ({error})", "what opts in is merged at the pace that is set"),
            (2, _) => Say(FindingState.Limited, "unmerging (run=2)", "somebody had everything unmerged; nothing merges until run=1",
                host.Driver is { } who ? $"'systemctl reload samepage' has {who} take it up again" : $"echo 1 > {host.Ksm.Root}/run"),
            (_, Errno.None) => Say(FindingState.Limited, "stands still (run=0)", "nothing merges until it is started",
                $"'samepage enable' and 'samepage run' start it; by hand: echo 1 > {host.Ksm.Root}/run"),
            (_, Errno.EROFS) => Say(FindingState.Missing, "stands still, and /sys is read-only here", "ksmd cannot be started from here",
                "start it on the host, outside of the container"),
            _ => Say(FindingState.Limited, $"stands still, and you may not start it ({error})", "nothing merges until root starts it",
                $"as root: echo 1 > {host.Ksm.Root}/run"),
        };
    }

    private static Finding Pace(HostView host)
    {
        if (host.Driver is { } driver)
        {
            return new Finding("advisor", Group, "ksmd's pace", FindingState.Ok, host.Ksm.IsAdvisorOn ? "held by the advisor" : "set",
                $"{driver} sets it as the work demands, and switches the advisor off for that");
        }

        if (host.Ksm.IsAdvisorOn)
        {
            return new Finding("advisor", Group, "ksmd's pace", FindingState.Limited,
                $"held by the advisor: one pass in {host.Ksm.Number("advisor_target_scan_time")} s, at most {host.Ksm.Number("advisor_max_cpu")} % CPU",
                "pages_to_scan answers EINVAL while it is on, so nobody else can set the pace",
                $"to set it yourself: echo none > {host.Ksm.Root}/advisor_mode");
        }

        var pages = host.Ksm.Number("pages_to_scan") ?? 0;
        var sleep = Math.Max(1, host.Ksm.Number("sleep_millisecs") ?? 20);
        var mebibytes = pages * 4096.0 * 1000 / sleep / (1 << 20);
        var hours = mebibytes > 0 ? 64 * 1024 / mebibytes / 3600 : 0;
        var found = FormattableString.Invariant($"{pages} pages every {sleep} ms, {mebibytes:0} MiB/s at most");
        var meaning = FormattableString.Invariant($"64 GiB take {Span(hours)} a pass, and a merge needs two");
        return mebibytes >= 200
            ? new Finding("advisor", Group, "ksmd's pace", FindingState.Ok, found, meaning)
            : new Finding("advisor", Group, "ksmd's pace", FindingState.Limited, found, meaning,
                $"raise it while guests start: echo 5000 > {host.Ksm.Root}/pages_to_scan (it costs CPU)");
    }

    private static string Span(double hours) => hours >= 1
        ? FormattableString.Invariant($"{hours:0.0} hours")
        : FormattableString.Invariant($"{hours * 60:0} minutes");

    private static Finding SmartScan(HostView host) => host.Ksm.Number("smart_scan") switch
    {
        1 when host.Driver is { } driver => new Finding("smart_scan", Group, "smart scan", FindingState.Ok, "on", $"{driver} switches it off while there is something to merge"),
        1 => new Finding("smart_scan", Group, "smart scan", FindingState.Limited, "on",
            "cheap, but pages of processes that started at different times may never meet: some duplicates stay unmerged",
            $"for a complete merge let a few full scans pass with: echo 0 > {host.Ksm.Root}/smart_scan"),
        0 => new Finding("smart_scan", Group, "smart scan", FindingState.Ok, "off", "every full scan looks at every page"),
        _ => new Finding("smart_scan", Group, "smart scan", FindingState.Ok, "not in this kernel (before 6.7)",
            "every full scan looks at every page"),
    };

    private static IEnumerable<Finding> OptIn(HostView host)
    {
        var error = host.Probes.OptIn();
        var works = error == Errno.None;
        yield return works
            ? new Finding("prctl", Group, "opt-in by prctl", FindingState.Ok, "PR_SET_MEMORY_MERGE works",
                "whole processes can be opted in, also such as were not written for it", IsRequired: true)
            : new Finding("prctl", Group, "opt-in by prctl", FindingState.Missing, $"PR_SET_MEMORY_MERGE: {error}",
                "only programs that call madvise(MADV_MERGEABLE) themselves merge",
                host.Ksm.Exists ? "run Linux 6.4 or later" : "see KSM", IsRequired: true);
        yield return (works ? host.Probes.IsOptInKeptOverExec() : false) switch
        {
            true => new Finding("exec", Group, "kept over exec", FindingState.Ok, "a started program keeps it",
                "'samepage run -- CMD' and systemd's MemoryKSM= reach the program and all that it starts"),
            false when works => new Finding("exec", Group, "kept over exec", FindingState.Limited, "exec drops it",
                "what a program executes has to be opted in again", "use 'samepage enable' on the running processes, or a younger kernel"),
            false => new Finding("exec", Group, "kept over exec", FindingState.Missing, "there is no opt-in to keep", "see opt-in by prctl"),
            null => new Finding("exec", Group, "kept over exec", FindingState.Limited, "could not be tried", "whether started programs keep the opt-in is not known",
                "start one with 'samepage run' and look at it with 'samepage status'"),
        };
    }
}
