using Samepage.Scenarios.Guests;
using Samepage.Scenarios.Running;
using Samepage.Scenarios.Workers;

namespace Samepage.Scenarios.Ready;

/// <summary>
/// Programs with little in common: interpreters in turn, each with other files of the machine and with random data, and,
/// where the machine can run one, a guest.
/// </summary>
internal static class UnlikePrograms
{
    private const int GuestMegabytes = 128;

    /// <summary>A guest's files, of which it keeps a second copy from its boot: few, so that it has little in common with itself.</summary>
    private const long GuestFileBytes = 4L << 20;

    /// <summary>A guest's own random data.</summary>
    private const int GuestUniqueMegabytes = 64;

    /// <summary>Makes them; they are started elsewhere.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="note">Told what could not be had.</param>
    public static IReadOnlyList<ScenarioProgram> Make(ScenarioRequest request, Action<string> note)
    {
        var programs = new List<ScenarioProgram>();
        var half = request.ProgramBytes / 2;
        if (GuestTools.Find(out var missing) is { } tools)
        {
            // Its files are the ones behind all that the interpreters load.
            var image = GuestImage.Prepare(
                tools, GuestFileBytes, request.CacheDirectory, request.Programs * half);
            programs.Add(new Guest(tools, tools.Kernels[0], image, new GuestOptions(1, GuestMegabytes) { UniqueMegabytes = GuestUniqueMegabytes }));
        }
        else
        {
            note($"There is no guest among the programs; missing: {string.Join(", ", missing)}.");
        }

        var interpreters = WorkerInterpreter.Find();
        for (var number = programs.Count + 1; number <= request.Programs; number++)
        {
            var interpreter = interpreters[number % interpreters.Count];
            var files = SharedContent.Choose(half, skippedBytes: (number - 1) * half);
            programs.Add(new Worker(interpreter, number, files, interpreter.Digest(files), request.ProgramBytes - half));
        }

        return programs;
    }
}
