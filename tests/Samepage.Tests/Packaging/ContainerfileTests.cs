using System.Text.RegularExpressions;
using Samepage.Cli;
using Samepage.Tests.Docs;

namespace Samepage.Tests.Packaging;

/// <summary>The commands in the head of the Containerfile.</summary>
public sealed partial class ContainerfileTests
{
    private static readonly string s_text = File.ReadAllText(Path.Combine(Checkout.Root, "packaging", "container", "Containerfile"));

    /// <summary>The daemon listens on the loopback: on the host's, or else where a port that is published leads to.</summary>
    [Fact]
    public void A_daemon_that_is_run_as_documented_can_be_reached()
    {
        var runs = DaemonPattern().Matches(s_text.Replace("\\\n#", "", StringComparison.Ordinal)).Select(match => match.Value).ToList();
        Assert.Equal(2, runs.Count);
        Assert.All(runs, run => Assert.True(
            run.Contains("--network=host", StringComparison.Ordinal) || (run.Contains("-p 127.0.0.1:7373:7373", StringComparison.Ordinal) && run.Contains("--listen 0.0.0.0:7373", StringComparison.Ordinal)), run));
        Assert.Empty(Program.CreateRoot().Parse(["serve", "--listen", "0.0.0.0:7373"]).Errors);
        Assert.Contains("EXPOSE 7373", s_text, StringComparison.Ordinal);
    }

    [GeneratedRegex("podman run (?!--rm)[^\n]*")]
    private static partial Regex DaemonPattern();
}
