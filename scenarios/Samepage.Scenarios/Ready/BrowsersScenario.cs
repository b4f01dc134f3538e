using Samepage.Scenarios.Browsers;
using Samepage.Scenarios.Running;

namespace Samepage.Scenarios.Ready;

/// <summary>Several browsers with the same page, as the desktops of an office have: each is a tree of some ten processes.</summary>
public sealed class BrowsersScenario : FleetScenario
{
    private const int UniqueMegabytes = 2;

    /// <inheritdoc/>
    public override string Name => "browsers";

    /// <inheritdoc/>
    public override string Summary => "several headless Chromium browsers with the same page, each a tree of some ten processes";

    /// <summary>The user engine is not offered: it would have to come into every process of the tree before its sandbox.</summary>
    public override ScenarioDefaults Defaults => new(4, 16L << 20) { ProgramsRange = (2, 32), ProgramBytesRange = (1L << 20, 256L << 20), KnowsUserEngine = false };

    private protected override string Kind => "browser";

    /// <summary>Its pages and its processes; the script that brings the data in is a third larger than these, and stays too.</summary>
    private protected override long OverheadBytes => 400L << 20;

    /// <summary>A browser is never quite at rest.</summary>
    private protected override TimeSpan? Interval => TimeSpan.FromSeconds(3);

    private protected override IReadOnlyList<string> FindMissing(ScenarioRequest request)
    {
        var missing = new List<string>();
        if (Browser.Find() is null)
        {
            missing.Add("chromium (package chromium)");
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
        say("writing the browsers' page");
        var program = Browser.Find()!;
        var pages = BrowserPages.Write(directory.Make("pages"), SharedContent.Choose(request.ProgramBytes), UniqueMegabytes);
        return [.. Enumerable.Range(1, request.Programs)
            .Select(number => new Browser(program, number, pages, directory.Make(FormattableString.Invariant($"b{number}"))))];
    }
}
