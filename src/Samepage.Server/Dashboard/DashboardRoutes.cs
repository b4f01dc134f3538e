using System.Globalization;
using System.Text.Json;
using Samepage.Server.Http;

namespace Samepage.Server.Dashboard;

/// <summary>What the dashboard asks for besides status and decisions. Thread-safe.</summary>
/// <param name="tables">Processes and domains.</param>
/// <param name="whatIf">Answers questions.</param>
/// <param name="desk">Estimates.</param>
/// <param name="hasHistory">Whether a history is wanted; it may be that it cannot be written just now.</param>
public sealed class DashboardRoutes(MergingTables tables, IWhatIf whatIf, EstimateDesk desk, Func<bool> hasHistory)
{
    /// <summary>Answers a request; null where the path means nothing.</summary>
    public HttpAnswer? Answer(string path, string query) => path switch
    {
        "/api/v1/processes" => tables.Processes(),
        "/api/v1/domains" => tables.Domains(),
        "/api/v1/plan" => Plan(query),
        "/api/v1/dashboard" => new HttpAnswer(200, HttpAnswer.Json, JsonSerializer.SerializeToUtf8Bytes(
            new DashboardAbilities(DashboardAbilities.SchemaName, hasHistory(), DashboardFiles.HasCharts, desk.Number), DashboardJson.Default.DashboardAbilities)),
        Routes.EstimatePath => new HttpAnswer(200, HttpAnswer.Json, desk.ToJson()),
        _ => null,
    };

    /// <summary>Begins an estimate of <c>?pid=N,N...</c></summary>
    public HttpAnswer BeginEstimate(string query)
    {
        var pids = QueryText.Parse(query, "pid")?.GetValueOrDefault("pid")?.Split(',')
            .Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0).Distinct().ToList();
        if (pids is null || pids.Contains(0))
        {
            return HttpAnswer.Of(400, HttpAnswer.Text, "ask for ?pid=N,N...\n");
        }

        var (status, reason) = desk.Begin(pids);
        return status == 202 ? new HttpAnswer(202, HttpAnswer.Json, desk.ToJson()) : HttpAnswer.Of(status, HttpAnswer.Text, reason + "\n");
    }

    private HttpAnswer Plan(string query)
    {
        if (QueryText.Parse(query, "guest_size", "guests", "host", "reserve", "swap", "profile") is not { } asked
            || asked.GetValueOrDefault("profile", "none") is not (("none" or "estimate") and var profile))
        {
            return HttpAnswer.Of(400, HttpAnswer.Text, "ask for ?guest_size=SIZE and, if need be, guests=N, host=SIZE, reserve=SIZE, swap=SIZE, profile=none|estimate\n");
        }

        if (profile == "estimate" && desk.Latest is null)
        {
            return HttpAnswer.Of(400, HttpAnswer.Text, "there is no estimate yet whose processes the guests could be like\n");
        }

        var question = new PlanQuestion(
            asked.GetValueOrDefault("guest_size"), asked.GetValueOrDefault("guests"), asked.GetValueOrDefault("host"),
            asked.GetValueOrDefault("reserve"), asked.GetValueOrDefault("swap"));
        try
        {
            return new HttpAnswer(200, HttpAnswer.Json, whatIf.Plan(question, profile == "estimate" ? desk.Latest : null));
        }
        catch (WhatIfException wrong)
        {
            return HttpAnswer.Of(400, HttpAnswer.Text, wrong.Message + "\n");
        }
    }
}
