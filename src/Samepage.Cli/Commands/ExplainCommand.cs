using System.CommandLine;
using System.Globalization;
using Samepage.Cli.Rendering;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Merging.User;
using Samepage.Server.Control;
using Samepage.Targets;
using Spectre.Console;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage explain PID</c>: which engine a process belongs to, and why its pages are merged or are not.</summary>
internal static class ExplainCommand
{
    public static Command Create()
    {
        var about = new Argument<string>("PID|host") { Description = "A process, or the host as a whole" };
        var domain = DomainOption.Create("Look for it in this domain only");
        var json = new Option<bool>("--json") { Description = "Write JSON instead of text" };
        var command = new Command("explain", "Say why pages of a process or host are merged or not, and what the daemon decided.") { about, domain, json };
        Manual.Add(
            command,
            "Of a process: which engine it belongs to, how it opted in, what is merged of it, and if nothing is, why. Of the host: whether ksmd scans, at whose pace, and where the guard stands. Where a daemon runs, its latest decisions with their reasons follow.",
            "Exit status: 0 done; 2 neither a process nor 'host'; 4 not permitted; 5 the process is gone, or not in the domain named.");
        command.SetVerb((parsed, _) =>
        {
            var text = parsed.GetValue(about)!;
            if (text == "host")
            {
                return ExplainHost(parsed.GetValue(json));
            }

            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            {
                throw new CommandFailure(ExitCode.Usage, $"'{Readable.Name(text)}' is neither the number of a process nor 'host'; see 'samepage explain --help'");
            }

            return ExplainProcess(pid, DomainOption.Value(parsed, domain), parsed.GetValue(json));
        });
        return command;
    }

    private static int ExplainHost(bool isJson)
    {
        var reader = new MergingReader(new ProcFs(), new KsmSysfs());
        var path = ControlSocket.DefaultPath;
        var list = ControlQuery.TryDecisions(path, null);
        var explanation = HostExplanation.Of(
            reader.ReadHost(), reader.TryReadCoverage(DomainQuery.AskAll(null, DomainOption.TellSilent)), ControlQuery.TryStatus(path), list);
        if (isJson)
        {
            Console.Out.Write(explanation.ToText());
            return ExitCode.Done;
        }

        var console = ConsoleText.StandardOutput();
        foreach (var reason in explanation.Reasons)
        {
            console.WriteParagraph($"- {reason}", indent: 2);
        }

        DaemonText.Write(console, list);
        return ExitCode.Done;
    }

    private static int ExplainProcess(int pid, DomainName? domain, bool isJson)
    {
        var list = ControlQuery.TryDecisions(ControlSocket.DefaultPath, pid);
        var explanation = Explain(pid, domain) with { Rule = list?.Rule, Decisions = list?.Decisions };
        if (isJson)
        {
            Console.Out.Write(explanation.ToText());
        }
        else
        {
            Write(ConsoleText.StandardOutput(), explanation);
            DaemonText.Write(ConsoleText.StandardOutput(), list);
        }

        return ExitCode.Done;
    }

    private static Explanation Explain(int pid, DomainName? domain)
    {
        var proc = new ProcFs();
        var targets = new TargetResolver(proc).Resolve(new TargetQuery { Pids = [pid] });
        foreach (var report in DomainQuery.AskAll(domain, DomainOption.TellSilent))
        {
            if (report.Members.FirstOrDefault(member => member.Pid == pid) is { } member)
            {
                return Explanation.OfMember(report, member);
            }
        }

        var reader = new MergingReader(proc, new KsmSysfs());
        return reader.ReadProcesses(targets).Shown is [var process, ..]
            ? Explanation.OfOther(reader.ReadHost(), process, proc.TryRead(pid, "maps")?.Contains("/libsamepage", StringComparison.Ordinal) ?? false, DaemonQuery.DriverInWords())
            : throw new TargetException($"process {pid} has ended meanwhile");
    }

    private static void Write(IAnsiConsole console, Explanation explanation)
    {
        StatusText.Line(console, "process", $"{explanation.Pid} {Readable.Name(explanation.Name)}");
        StatusText.Line(console, "engine", explanation.Domain is { } domain ? $"user, domain {domain}"
            : explanation.Engine == "kernel" ? "kernel (KSM)" : "none");
        if (explanation.Member is { } member)
        {
            WriteMember(console, member);
        }
        else if (explanation.KernelMerging is { Readable: true } kernel)
        {
            StatusText.Line(console, "opted in", StatusText.Words(kernel.OptIn));
            StatusText.Line(console, "saved", $"{Readable.Size(kernel.SavedBytes)}: {Readable.Count(kernel.MergedPages)} merged and {Readable.Count(kernel.ZeroPages)} zero pages, {Readable.Count(kernel.TrackedPages)} tracked");
        }

        console.WriteLine();
        foreach (var reason in explanation.Reasons)
        {
            console.WriteParagraph($"- {Readable.Name(reason)}", indent: 2);
        }
    }

    private static void WriteMember(IAnsiConsole console, MemberJson member)
    {
        var counters = member.Counters;
        StatusText.Line(console, "state", member.State);
        StatusText.Line(console, "memory", $"{Size(counters.AdvisedBytes)} advised: {Pages(counters.MergedPages)} merged, {Pages(counters.BrokenPages)} written since; {Count(counters.ZeroPagesTotal)} zero pages given back so far");
        StatusText.Line(console, "so far", $"{Count(counters.PassesTotal)} passes, {Count(counters.ScannedPagesTotal)} pages looked at, {Count(counters.MergedPagesTotal)} merged, {Count(counters.PromotedPagesTotal)} written into segments, {Count(counters.CowBreaksTotal)} COW breaks, {Count(counters.ReturnedPagesTotal)} made mergeable again");
        StatusText.Line(console, "refused", $"{Count(counters.DifferedPagesTotal)} pages had changed meanwhile, {Count(counters.PinnedPagesTotal)} were pinned or shared with a child");
        StatusText.Line(console, "mappings", $"{Count(counters.Mappings)} runs of {Count(counters.Segments)} segments");
        StatusText.Line(console, "cost", $"{Readable.Seconds(member.CpuSeconds)} of CPU, {Size(counters.MetadataBytes)} of metadata");
        StatusText.Line(console, "stalls", $"{Count(counters.WindowsTotal)} windows; 99.9 % within {DomainText.Stall(member.StallMicrosecondsP999)}, the longest {DomainText.Stall(member.StallMicrosecondsMax)}");
        WriteHistogram(console, member.StallsByPowerOfTwoMicroseconds);
    }

    private static void WriteHistogram(IAnsiConsole console, IReadOnlyList<ulong> buckets)
    {
        const int Width = 40;
        var most = Math.Max(1, buckets.DefaultIfEmpty().Max());
        for (var i = 0; i < Math.Min(buckets.Count, 63); i++)
        {
            if (buckets[i] > 0)
            {
                var bar = new string('#', (int)Math.Max(1, buckets[i] / (double)most * Width));
                console.WriteText($"{"",12}< {DomainText.Stall(1L << i),8}  {Count(buckets[i]),12}  {bar}");
            }
        }
    }

    private static string Count(ulong count) => Readable.Count(DomainFigures.Bounded(count));

    private static string Size(ulong bytes) => Readable.Size(DomainFigures.Bounded(bytes));

    private static string Pages(ulong pages) => Readable.Size(DomainFigures.Bounded(pages) * 4096);
}
