using System.Diagnostics;
using Samepage.Cli;
using Samepage.Server.Dashboard;

namespace Samepage.Tests.Serving;

/// <summary>Looks that go wrong, in the place of <c>samepage estimate</c>: none is left behind, and the page is told.</summary>
public sealed class WhatIfTests : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(1);
    private readonly TemporaryTree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Theory]
    [InlineData("exec sleep 60", 0, "the look was ended before it gave an answer")]
    [InlineData("trap '' TERM; exec cat /dev/zero", 30, "the estimate is longer than any should be")]
    [InlineData("echo 'samepage: process 7 is gone' >&2; exit 1", 30, "process 7 is gone")]
    [InlineData("echo '{\"schema\":\"another\"}'", 30, "the look was ended before it gave an answer")]
    public void A_look_that_goes_wrong_is_ended_and_told(string script, int graceSeconds, string reason)
    {
        var pid = Path.Combine(_tree.Root, "pid");
        var clock = Stopwatch.StartNew();
        var failure = Assert.Throws<WhatIfException>(() => Look($"echo $$ > {pid}; {script}", graceSeconds).Estimate([1], s_limit));
        Assert.Equal(reason, failure.Message);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "nobody waits for it");
        Assert.True(SpinWait.SpinUntil(() => !Directory.Exists($"/proc/{File.ReadAllText(pid).Trim()}"), s_limit * 10), "it goes on");
    }

    [Fact]
    public void What_a_look_within_its_time_says_is_given()
    {
        const string Estimate = "{\"schema\":\"samepage.estimate/1\"}";
        Assert.Equal(Estimate + "\n", System.Text.Encoding.UTF8.GetString(Look($"sleep 0.3; echo '{Estimate}'", 30).Estimate([1], s_limit)));
    }

    private static WhatIf Look(string script, int graceSeconds) => new(_ => ["/bin/sh", "-c", script], TimeSpan.FromSeconds(graceSeconds));
}
