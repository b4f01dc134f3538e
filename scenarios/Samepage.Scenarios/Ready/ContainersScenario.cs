using Samepage.Scenarios.Containers;
using Samepage.Scenarios.Running;

namespace Samepage.Scenarios.Ready;

/// <summary>Containers of one image, each with a Redis server that has loaded the image's data.</summary>
public sealed class ContainersScenario : FleetScenario
{
    private const int UniqueMegabytes = 4;

    /// <inheritdoc/>
    public override string Name => "containers";

    /// <inheritdoc/>
    public override string Summary => "containers of one image made here, each with a Redis server that holds the image's data";

    /// <summary>The user engine is not offered: its library and its keeper's socket would have to be let into the containers.</summary>
    public override ScenarioDefaults Defaults => new(8, 64L << 20) { ProgramsRange = (2, 64), ProgramBytesRange = (1L << 20, 4L << 30), KnowsUserEngine = false };

    private protected override string Kind => "container";

    private protected override long OverheadBytes => (16 + UniqueMegabytes) << 20;

    private protected override IReadOnlyList<string> FindMissing(ScenarioRequest request)
    {
        _ = ContainerTools.Find(out var missing);
        return missing;
    }

    private protected override IReadOnlyList<ScenarioProgram> Make(
        ScenarioRequest request, IReadOnlyDictionary<string, string> environment, OwnedDirectory directory, Action<string> say)
    {
        say("building the containers' image from this machine's packages");
        var tools = ContainerTools.Find(out _)!;
        var image = ContainerImage.Build(tools, directory.Make("image"), SharedContent.Choose(request.ProgramBytes));
        return [.. Enumerable.Range(1, request.Programs)
            .Select(number => new Container(tools, number, image, directory.Make(FormattableString.Invariant($"c{number}")), UniqueMegabytes << 20))];
    }
}
