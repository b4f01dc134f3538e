using Samepage.Scenarios.Guests;
using Samepage.Scenarios.Workers;

namespace Samepage.Scenarios;

/// <summary>What a demonstration asks for.</summary>
/// <param name="Count">How many programs.</param>
/// <param name="GuestMegabytes">Memory of a guest; workers get half of it, 128 MB at most.</param>
/// <param name="AvailableBytes">What the host can spare, by its own account.</param>
/// <param name="CacheDirectory">Where guest images are kept.</param>
/// <param name="Kind">Which programs.</param>
public sealed record ProgramRequest(
    int Count, int GuestMegabytes, long AvailableBytes, string CacheDirectory, ProgramKind Kind = ProgramKind.Best)
{
    /// <summary>What guests find in their environment beside ours.</summary>
    public IReadOnlyDictionary<string, string> GuestEnvironment { get; init; } = new Dictionary<string, string>();

    /// <summary>The same for workers.</summary>
    public IReadOnlyDictionary<string, string> WorkerEnvironment { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether workers must hold their data in memory that a preloaded library can offer.</summary>
    public bool WorkersMapMemory { get; init; }

    /// <summary>Whether guests ask for merging themselves, as QEMU does unless told otherwise.</summary>
    public bool MergesMemory { get; init; }
}

/// <summary>Which programs are wanted.</summary>
public enum ProgramKind
{
    /// <summary>Guests where the machine can run them, else workers.</summary>
    Best,

    /// <summary>Guests or nothing.</summary>
    Guests,

    /// <summary>Copies of an interpreter.</summary>
    Workers,
}

/// <summary>Programs that run.</summary>
/// <param name="Fleet">The programs.</param>
/// <param name="Kind">"guest" or "worker".</param>
/// <param name="Megabytes">Memory of each: a guest's, or a worker's data.</param>
/// <param name="Reason">Why these and not others.</param>
public sealed record RunningPrograms(ProgramFleet Fleet, string Kind, int Megabytes, string Reason);

/// <summary>Starts the most telling programs that this machine can run: guests, or else copies of an interpreter.</summary>
public static class ProgramChoice
{
    private const int CountMin = 2;
    private const int WorkerMegabytesMax = 128;

    /// <summary>What QEMU itself takes beside its guest's memory, and an interpreter beside its data.</summary>
    private const int GuestOverheadMegabytes = 96;
    private const int WorkerOverheadMegabytes = 24;
    private const int WorkerUniqueMegabytes = 2;

    /// <summary>Starts programs.</summary>
    /// <param name="request">What is wanted; fewer are started where memory is short.</param>
    /// <param name="say">Told of each step, from several threads.</param>
    /// <param name="cancel">Calls it off.</param>
    /// <exception cref="ScenarioException">Nothing can be started; the message says what is missing.</exception>
    public static RunningPrograms Start(ProgramRequest request, Action<string> say, CancellationToken cancel)
    {
        if (request.Kind == ProgramKind.Workers)
        {
            return StartWorkers(request, "workers were asked for", say, cancel);
        }

        try
        {
            var tools = GuestTools.Find(out var missing)
                ?? throw new ScenarioException("this machine lacks " + string.Join(", ", missing));
            return StartGuests(request, tools, say, cancel);
        }
        catch (ScenarioException failure) when (request.Kind == ProgramKind.Best)
        {
            return StartWorkers(request, $"no guests, as {failure.Message}", say, cancel);
        }
    }

    private static RunningPrograms StartGuests(
        ProgramRequest request, GuestTools tools, Action<string> say, CancellationToken cancel)
    {
        var megabytes = request.GuestMegabytes;
        var count = CountThatFits(request, megabytes + GuestOverheadMegabytes);
        say("preparing the guests' file system");
        var image = GuestImage.Prepare(tools, GuestImage.SharedBytesFor(megabytes), request.CacheDirectory);
        say($"starting {count} guests of {megabytes} MB, two at a time");
        GuestOptions Options(int number) => new(number, megabytes)
        {
            MergesMemory = request.MergesMemory,
            Environment = request.GuestEnvironment,
        };
        ScenarioException? failure = null;
        foreach (var kernel in tools.Kernels)
        {
            var first = new Guest(tools, kernel, image, Options(1));
            var others = Enumerable.Range(2, count - 1)
                .Select(number => new Guest(tools, kernel, image, Options(number)));
            var fleet = new ProgramFleet([first, .. others]);
            try
            {
                fleet.Start(program => say(program.Description + " is up"), cancel);
                return new RunningPrograms(
                    fleet, "guest", megabytes, $"QEMU and a guest kernel ({Path.GetFileName(kernel)}) are installed");
            }
            catch (ScenarioException next)
            {
                // Another kernel of the machine may suit the emulator better; the first failure is the one reported.
                failure ??= next;
            }
        }

        throw failure!;
    }

    private static RunningPrograms StartWorkers(
        ProgramRequest request, string reason, Action<string> say, CancellationToken cancel)
    {
        var megabytes = Math.Min(request.GuestMegabytes / 2, WorkerMegabytesMax);
        var count = CountThatFits(request, megabytes + WorkerOverheadMegabytes);
        if (WorkerInterpreter.Find().FirstOrDefault(found => found.MapsMemory || !request.WorkersMapMemory) is not { } interpreter)
        {
            var wanted = request.WorkersMapMemory ? "python3 is not" : "neither perl nor python3 is";
            throw new ScenarioException($"{reason}; and {wanted} there to take their place");
        }

        if (!OwnedProcess.CanBeOwned)
        {
            throw new ScenarioException("setpriv and setsid (package util-linux) are missing, without which programs could outlive this one");
        }

        say($"starting {count} copies of {interpreter.Name} with {megabytes} MB of the same data each");
        var files = SharedContent.Choose(megabytes * (1L << 20));
        var digest = interpreter.Digest(files);
        var fleet = new ProgramFleet([.. Enumerable.Range(1, count)
            .Select(number => new Worker(interpreter, number, files, digest, WorkerUniqueMegabytes << 20)
            {
                Environment = request.WorkerEnvironment,
            })]);
        fleet.Start(program => say(program.Description + " is up"), cancel);
        return new RunningPrograms(fleet, "worker", megabytes, reason);
    }

    /// <summary>A quarter of what is available stays free.</summary>
    private static int CountThatFits(ProgramRequest request, int megabytesEach)
    {
        var fitting = (int)Math.Min(request.Count, request.AvailableBytes * 3 / 4 / ((long)megabytesEach << 20));
        return fitting >= CountMin
            ? fitting
            : throw new ScenarioException(
                $"{CountMin} programs of {megabytesEach} MB do not fit into three quarters of the {request.AvailableBytes >> 20} MB available");
    }
}
