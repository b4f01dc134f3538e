using System.Text.Json;
using Samepage.Governing;
using Samepage.Server.Dashboard;
using Samepage.Server.Http;

namespace Samepage.Tests.Serving;

/// <summary>What the dashboard is told of processes and domains, and which estimates it may ask for.</summary>
public sealed class DashboardTests : IDisposable
{
    private const string Policy = "[[rule]]\nname = \"guests\"\nmatch = { comm = \"^qemu\" }\nengine = \"kernel\"\n";
    private readonly MadeUpHost _host = new();
    private readonly HeldWhatIf _whatIf = new();
    private readonly Server.Loop.Daemon _daemon;
    private readonly MergingTables _tables;
    private readonly EstimateDesk _desk;

    public DashboardTests()
    {
        _host.Policy(Policy);
        _host.Process(100, "qemu", optedIn: "yes", group: "/machine.slice/a.scope");
        _host.Process(101, "qemu");
        _host.Process(102, "bystander");
        _host.Process(103, "redis");
        _daemon = _host.Start();
        _host.Pass(_daemon, 4);
        _tables = new MergingTables(new MergingSources(
            _host.Options.Roots.Proc, new MergingReader(_host.Options.Roots.Proc, _host.Options.Roots.Ksm), () => [MadeUpDomain.Report("web", 103)],
            () => _daemon.RuleNames, () => _daemon.Policy.Rules, _host.Clock));
        _desk = new EstimateDesk(_whatIf, _tables.DomainOf, _host.Clock);
    }

    public void Dispose()
    {
        _whatIf.Release.Set();
        _daemon.Dispose();
        _host.Dispose();
    }

    [Fact]
    public void Processes_are_those_that_merge_opted_in_or_fall_under_a_rule_and_no_others()
    {
        var rows = Rows();
        Assert.Equal([103, 100, 101], rows.Select(row => row.GetProperty("pid").GetInt32()));
        Assert.Equal(["merging", "opted_in", "named"], rows.Select(row => row.GetProperty("state").GetString()));
        Assert.Equal("/machine.slice/a.scope", rows[1].GetProperty("control_group").GetString());
        Assert.Equal("guests", rows[2].GetProperty("rule").GetString());
        Assert.Equal("web", rows[0].GetProperty("domain").GetString());
        Assert.Equal(5000 * 4096, rows[0].GetProperty("saved_bytes").GetInt64());
        Assert.Equal((5000 * 4096) - 65_536, rows[0].GetProperty("profit_bytes").GetInt64());
        Assert.Equal(900, rows[0].GetProperty("stall_microseconds_max").GetDouble());
        Assert.Equal(77, rows[0].GetProperty("cow_breaks_total").GetInt64());
    }

    [Fact]
    public void However_often_they_are_asked_for_the_host_is_looked_at_every_three_seconds_only()
    {
        var first = _tables.Processes();
        _host.Process(104, "qemu", optedIn: "yes");
        _host.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Same(first, _tables.Processes());
        _host.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(4, Rows().Count);
    }

    [Fact]
    public void More_than_a_page_can_show_is_left_out_and_said()
    {
        for (var pid = 1000; pid < 1000 + MergingTables.RowsMax; pid++)
        {
            _host.Process(pid, "many", optedIn: "yes");
        }

        using var document = JsonDocument.Parse(_tables.Processes().Body);
        Assert.Equal(MergingTables.RowsMax, document.RootElement.GetProperty("processes").GetArrayLength());
        Assert.Equal(3, document.RootElement.GetProperty("left_out").GetInt32());
    }

    [Fact]
    public void An_estimate_is_of_processes_that_merging_is_about_within_one_domain()
    {
        Assert.Equal(403, _desk.Begin([102]).Status);
        Assert.Equal(403, _desk.Begin([1]).Status);
        Assert.Equal(403, _desk.Begin([100, 102]).Status);
        Assert.Contains("different trust domains", _desk.Begin([100, 103]).Reason, StringComparison.Ordinal);
        Assert.Equal(400, _desk.Begin([]).Status);
        Assert.Equal(400, _desk.Begin([.. Enumerable.Repeat(100, EstimateDesk.TargetsMax + 1)]).Status);
        Assert.Equal("none", State());
        Assert.Equal(202, _desk.Begin([100, 101]).Status);
        Assert.Equal("running", State());
    }

    [Fact]
    public void One_estimate_at_a_time_and_a_pause_after_each()
    {
        Assert.Equal(0, _desk.Number);
        Assert.Equal(202, _desk.Begin([100]).Status);
        Assert.Equal(409, _desk.Begin([101]).Status);
        Assert.Equal(1, _desk.Number);
        Finish();
        Assert.Equal("done", State());
        Assert.Equal(429, _desk.Begin([101]).Status);
        _host.Clock.Advance(EstimateDesk.Pause);
        Assert.Equal(202, _desk.Begin([101]).Status);
    }

    [Fact]
    public void One_that_fails_says_why_and_the_one_before_stays()
    {
        Assert.Equal(202, _desk.Begin([100]).Status);
        Finish();
        _host.Clock.Advance(EstimateDesk.Pause);
        _whatIf.Refusal = "process 100 has\nended";
        Assert.Equal(202, _desk.Begin([100]).Status);
        Finish();
        using var document = JsonDocument.Parse(_desk.ToJson());
        Assert.Equal("failed", document.RootElement.GetProperty("state").GetString());
        Assert.Equal("process 100 has ended", document.RootElement.GetProperty("reason").GetString());
        Assert.Equal(1, document.RootElement.GetProperty("estimate").GetProperty("of").GetInt32());
        Assert.NotNull(_desk.Latest);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("?a=1&b=", true)]
    [InlineData("?a=1&a=2", false)]
    [InlineData("?c=1", false)]
    [InlineData("?a", false)]
    [InlineData("?a=%ff%zz+%41", true)]
    public void Queries_are_understood_whole_or_not_at_all(string query, bool isUnderstood) =>
        Assert.Equal(isUnderstood, QueryText.Parse(query, "a", "b") is not null);

    [Fact]
    public void Nothing_that_clients_send_is_too_much_for_a_query() => CsCheck.Check.Sample(
        CsCheck.Gen.String, query => _ = QueryText.Parse("?" + query, "a"));

    private IReadOnlyList<JsonElement> Rows() => [.. JsonDocument.Parse(_tables.Processes().Body).RootElement.GetProperty("processes").EnumerateArray()];

    private string State() => JsonDocument.Parse(_desk.ToJson()).RootElement.GetProperty("state").GetString()!;

    private void Finish()
    {
        _whatIf.Release.Set();
        Assert.True(SpinWait.SpinUntil(() => State() != "running", TimeSpan.FromSeconds(30)));
        _whatIf.Release.Reset();
    }

    /// <summary>Looks at processes until it is released.</summary>
    private sealed class HeldWhatIf : IWhatIf
    {
        public ManualResetEventSlim Release { get; } = new();

        public string? Refusal { get; set; }

        public byte[] Plan(PlanQuestion question, byte[]? estimate) => throw new WhatIfException("not here");

        public byte[] Estimate(IReadOnlyList<int> pids, TimeSpan limit)
        {
            Assert.True(Release.Wait(TimeSpan.FromSeconds(60)));
            return Refusal is null ? System.Text.Encoding.UTF8.GetBytes($"{{\"of\":{pids.Count}}}") : throw new WhatIfException(Refusal);
        }
    }
}
