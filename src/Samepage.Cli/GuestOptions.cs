using System.CommandLine;
using System.Globalization;
using Samepage.Cli.Rendering;
using Samepage.Estimating;
using Samepage.Linux.Proc;
using Samepage.Planning;
using Samepage.Targets;

namespace Samepage.Cli;

/// <summary>The options by which <c>plan</c> and <c>admit</c> learn what a guest is like.</summary>
internal sealed class GuestOptions
{
    private readonly Option<string[]> _like = new("--like") { Description = "Guests are like these processes, which are looked at now: N[,N...]; two or more show what they share", HelpName = "PID" };
    private readonly Option<string?> _estimate = new("--estimate") { Description = "Guests are like those of an estimate that 'samepage estimate --json' wrote", HelpName = "FILE" };
    private readonly Option<string?> _overhead = new("--overhead") { Description = "What each guest's process needs besides its memory, page tables and metadata (default: nothing)", HelpName = "SIZE" };

    /// <summary>Adds the options to a verb.</summary>
    public GuestOptions AddTo(Command command)
    {
        command.Options.Add(_like);
        command.Options.Add(_estimate);
        command.Options.Add(_overhead);
        return this;
    }

    /// <summary>Reads the options, and looks at the processes or the file.</summary>
    /// <exception cref="CommandFailure">A value is not of the option's form, or the look was cut short.</exception>
    /// <exception cref="TargetException">A process is gone or can never be looked at.</exception>
    public GuestKind Read(ParseResult parsed, long sizeBytes, CancellationToken cancel)
    {
        var overhead = parsed.GetValue(_overhead) is { } text ? SizeText.Parse("--overhead", text, isZeroAllowed: true) : 0;
        if (overhead > sizeBytes)
        {
            throw new CommandFailure(ExitCode.Usage, $"--overhead is larger than the guest ({Readable.Size(overhead)} and {Readable.Size(sizeBytes)})");
        }

        var like = parsed.GetValue(_like) ?? [];
        var file = parsed.GetValue(_estimate);
        var (source, profile) = (like.Length > 0, file) switch
        {
            (true, not null) => throw new CommandFailure(ExitCode.Usage, "--like and --estimate say the same thing twice; give one of them"),
            (true, null) => (ProfileSource.Like, Look(like, cancel)),
            (false, not null) => (ProfileSource.Estimate, EstimateFile.Read(file)),
            _ => (ProfileSource.None, SharingProfile.None),
        };
        return new GuestKind(source, profile, overhead, GuestDemand.Of(sizeBytes, profile, overhead));
    }

    private static SharingProfile Look(string[] like, CancellationToken cancel)
    {
        var proc = new ProcFs();
        var targets = new TargetResolver(proc).Resolve(new TargetQuery { Pids = [.. like.SelectMany(list => list.Split(',', StringSplitOptions.TrimEntries)).Select(Pid)] });
        var estimate = EstimateProgressBar.Show(progress => new Estimator(proc).Run(targets, new EstimateOptions(), progress, cancel));
        if (estimate.IsPartial)
        {
            throw new CommandFailure(ExitCode.Failed, "interrupted before the processes of --like had been looked at");
        }

        return estimate.Targets.FirstOrDefault(target => target.Note is not null) is { } incomplete
            ? throw new TargetException($"process {incomplete.Pid} ({incomplete.Name}): {incomplete.Note}")
            : SharingProfile.Of(estimate);
    }

    private static int Pid(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && pid > 0
            ? pid
            : throw new CommandFailure(ExitCode.Usage, $"--like wants a process number such as 4711, not '{text}'");
}

/// <summary>Where a guest's profile comes from.</summary>
internal enum ProfileSource
{
    None,
    Like,
    Estimate,
}

/// <summary>A guest, what it is like, and how that is known.</summary>
internal sealed record GuestKind(ProfileSource Source, SharingProfile Profile, long MonitorBytes, GuestDemand Demand);
