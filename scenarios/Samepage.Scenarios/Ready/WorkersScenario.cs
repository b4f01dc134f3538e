using Samepage.Scenarios.Running;
using Samepage.Scenarios.Workers;

namespace Samepage.Scenarios.Ready;

/// <summary>Many copies of an interpreter with the same data, as the workers of an application server are.</summary>
public sealed class WorkersScenario : FleetScenario
{
    private const int UniqueMegabytes = 2;

    /// <inheritdoc/>
    public override string Name => "workers";

    /// <inheritdoc/>
    public override string Summary => "many copies of an interpreter, each with the same data in memory of its own";

    /// <inheritdoc/>
    public override ScenarioDefaults Defaults => new(12, 64L << 20) { ProgramsRange = (2, 128), ProgramBytesRange = (1L << 20, 128L << 20) };

    private protected override string Kind => "worker";

    private protected override long OverheadBytes => (24 + UniqueMegabytes) << 20;

    private protected override IReadOnlyList<string> FindMissing(ScenarioRequest request)
    {
        var missing = new List<string>();
        if (Interpreter(request) is null)
        {
            missing.Add(request.Engine == ScenarioEngine.User ? "python3 (package python3)" : "perl or python3 (package perl-base or python3)");
        }

        if (!OwnedProcess.CanBeOwned)
        {
            missing.Add("setpriv and setsid (package util-linux)");
        }

        return missing;
    }

    private protected override IReadOnlyList<ScenarioProgram> Make(
        ScenarioRequest request, IReadOnlyDictionary<string, string> environment, OwnedDirectory directory, Action<string> say)
    {
        var interpreter = Interpreter(request)!;
        var files = SharedContent.Choose(request.ProgramBytes);
        var digest = interpreter.Digest(files);
        return [.. Enumerable.Range(1, request.Programs)
            .Select(number => new Worker(interpreter, number, files, digest, UniqueMegabytes << 20) { Environment = environment })];
    }

    /// <summary>Python where it is there, which serves for both engines and whose digests are quick; else perl for ksmd.</summary>
    private static WorkerInterpreter? Interpreter(ScenarioRequest request) => WorkerInterpreter.Find()
        .Where(found => found.MapsMemory || request.Engine != ScenarioEngine.User)
        .OrderByDescending(found => found.MapsMemory)
        .FirstOrDefault();
}
