using System.CommandLine;
using System.Text.Json;
using Samepage.Cli.Rendering;
using Samepage.Doctoring;
using Samepage.Governing;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Policies;
using Samepage.Server.History.Recording;
using Samepage.Server.Loop;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage record</c>: a host's story in one file.</summary>
internal static class RecordCommand
{
    /// <summary>As often as the governor looks while it works; a day of it is 20 MB of text before it is compressed.</summary>
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(500);

    private static readonly Argument<string> s_target = new("FILE") { Description = "Where the record goes; one that is there is replaced when the new one is whole" };
    private static readonly Option<string?> s_for = new("--for") { Description = "Also look at the host twice a second for so long (10s, 5m, 1h), so that the governor's decisions can be replayed", HelpName = "TIME" };
    private static readonly Option<string?> s_hostProc = new("--host-proc") { Description = "In a container: look for ksmd's thread, to know its CPU time, in the host's /proc as mounted here", HelpName = "DIR" };
    private static readonly HistoryPlace s_place = new();

    public static Command Create()
    {
        var command = new Command("record", "Write this host's story into one file: history, decisions, policy, what doctor says.") { s_target, s_for, s_hostProc };
        s_place.AddTo(command);
        Manual.Add(
            command,
            "The file is a zip archive: record.json (version, kernel, processor, memory), policy.toml (arguments of commands left out), doctor.json, history.db where a daemon kept one, status.json where one runs, samples.jsonl with --for. It has names of processes, guests, users and control groups, as the daemon's log has them, and neither command lines nor memory. 'samepage replay' shows it on any machine.",
            "Ctrl-C ends --for early, and the record is written of what was seen until then.",
            "Exit status: 0 written; 1 it cannot be; 2 an option or the policy will not do; 4 not permitted (the history is its owner's: run as root).");
        command.SetVerb(Run);
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        var time = parsed.GetValue(s_for) is { } text ? DurationText.Parse("--for", text) : TimeSpan.Zero;
        var policy = s_place.Policy(parsed);
        var history = s_place.Path(parsed);
        if (File.Exists(history))
        {
            HistoryPlace.Open(history).Dispose();
        }

        using var file = PartialFile.Create(parsed.GetRequiredValue(s_target));
        var began = DateTimeOffset.UtcNow;
        var samples = Watch(time, new ProcFs(parsed.GetValue(s_hostProc) ?? "/proc"), cancel);
        var parts = new RecordParts(
            policy, Doctor(), DaemonQuery.Find(out _)?.ToJson(), File.Exists(history) ? history : null, samples);
        Recorder.Write(file.Stream, Head(policy, samples.Count, samples.Count > 0 ? began : null), parts);
        var bytes = file.Stream.Length;
        file.Finish();
        Console.Out.WriteLine($"{file.Path}: {Readable.Size(bytes)}, {(parts.HistoryPath is null ? "no history" : "the history")}, {Readable.Count(samples.Count, "sample", "samples")}");
        return ExitCode.Done;
    }

    private static RecordHead Head(Policy policy, int samples, DateTimeOffset? began)
    {
        var proc = new ProcFs();
        var cpu = (KernelFile.TryReadText($"{proc.Root}/cpuinfo") ?? "").Split('\n').FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[^1].Trim();
        var kernel = KernelFile.TryReadText($"{proc.Root}/sys/kernel/osrelease")?.Trim();
        return new RecordHead(
            RecordHead.SchemaName, Daemon.Version, DateTimeOffset.UtcNow,
            new RecordedMachine(kernel ?? "unknown", cpu ?? "unknown", Environment.ProcessorCount, MemInfo.Read(proc).TotalBytes),
            new RecordedBudget(policy.Governor.CpuBudgetPercent, policy.Governor.CpuBudgetOver.TotalSeconds, policy.Governor.CpuGentlePercent), samples, began);
    }

    private static string Doctor()
    {
        var report = new Inspector(new ProcFs(), "/sys", new LiveKernelProbes(SelfProcess.Command(DoctorCommand.ExitStatusArgument)), DaemonQuery.DriverInWords()).Inspect();
        return JsonSerializer.Serialize(DoctorJson.From(report), DoctorJsonContext.Default.DoctorJson);
    }

    private static List<RecordedSample> Watch(TimeSpan time, ProcFs hostProc, CancellationToken cancel)
    {
        var proc = new ProcFs();
        var sampler = new HostSampler(proc, new KsmSysfs(), new KsmdThread(hostProc), TimeProvider.System);
        var samples = new List<RecordedSample>();
        var start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start) < time && !cancel.IsCancellationRequested)
        {
            // Whether growth is held is the guard's to say, and it says so in the daemon's status.
            var isHeld = samples.Count % 4 == 0 ? DaemonQuery.Find(out _)?.Guard.GrowthHeld ?? false : samples[^1].GrowthHeld;
            samples.Add(RecordedSample.Of(sampler.Take(null, isHeld)));
            _ = cancel.WaitHandle.WaitOne(s_lookEvery);
        }

        return samples;
    }
}
