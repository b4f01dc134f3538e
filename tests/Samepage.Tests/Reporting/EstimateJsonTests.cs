using System.Text.Json;
using Samepage.Cli.Rendering;
using Samepage.Estimating;
using Samepage.Tests.Docs;

namespace Samepage.Tests.Reporting;

/// <summary>The JSON is a contract: names and types are pinned here, and docs/reference/estimate-json.md tells each.</summary>
public class EstimateJsonTests
{
    private const string Counts =
        "present_pages:n zero_pages:n distinct_pages:n savable_pages:n savable_bytes:n zero_savable_bytes:n already_shared_pages:n pages_on_shared_frames:n "
        + "ksm_merged_pages:n volatile_pages:n swapped_pages:n shared_contents:n metadata_bytes:n net_savable_bytes:n "
        + "huge_pages:n huge_pages_to_split:n huge_page_duplicate_pages:n";

    [Fact]
    public void Names_and_types_are_those_of_the_contract()
    {
        var root = Json(Full());
        Assert.Equal("samepage.estimate/1", root.GetProperty("schema").GetString());
        Assert.Equal(
            "schema:s taken_at:s partial:b interval_seconds:n frame_identity:s totals:o targets:a sharing:o not_mergeable:a cost:o sampling:o verification:o huge_pages_known:b",
            Shape(root));
        Assert.Equal(Counts, Shape(root.GetProperty("totals")));
        Assert.Equal($"pid:n name:s note:s {Counts} attributed_bytes:n attributed_net_bytes:n not_mergeable:a address_map:a", Shape(root.GetProperty("targets")[0]));
        Assert.Equal("address:s present_pages:n duplicate_pages:n zero_pages:n huge:b", Shape(root.GetProperty("targets")[0].GetProperty("address_map")[0]));
        Assert.Equal("shared_contents:a truncated:b", Shape(root.GetProperty("sharing")));
        Assert.Equal("reason:s resident_bytes:n mapped_bytes:n", Shape(root.GetProperty("not_mergeable")[0]));
        Assert.Equal("cpu_seconds:n wall_seconds:n pages_read:n peak_rss_bytes:n", Shape(root.GetProperty("cost")));
        Assert.Equal("one_in:n sampled_contents:n savable_pages_low:n savable_pages_high:n", Shape(root.GetProperty("sampling")));
        Assert.Equal("compared_pages:n different_pages:n", Shape(root.GetProperty("verification")));
    }

    [Fact]
    public void What_does_not_apply_is_null_and_the_address_map_comes_only_when_asked_for()
    {
        var root = JsonDocument.Parse(EstimateJson.From(MadeUpEstimate.Of(2), new EstimateOptions(), DateTimeOffset.UnixEpoch, addressMap: false).ToText()).RootElement;
        foreach (var name in new[] { "interval_seconds", "sampling", "verification" })
        {
            Assert.Equal(JsonValueKind.Null, root.GetProperty(name).ValueKind);
        }

        Assert.Equal(JsonValueKind.Null, root.GetProperty("targets")[0].GetProperty("note").ValueKind);
        Assert.False(root.GetProperty("targets")[0].TryGetProperty("address_map", out _));
        Assert.Equal("1970-01-01T00:00:00+00:00", root.GetProperty("taken_at").GetString());
    }

    [Fact]
    public void Values_are_those_of_the_estimate()
    {
        var estimate = Full();
        var root = Json(estimate);
        Assert.Equal(estimate.Totals.SavablePages, root.GetProperty("totals").GetProperty("savable_pages").GetInt64());
        Assert.Equal(estimate.Totals.NetSavableBytes, root.GetProperty("totals").GetProperty("net_savable_bytes").GetInt64());
        Assert.Equal(estimate.Targets[3].AttributedBytes, root.GetProperty("targets")[3].GetProperty("attributed_bytes").GetInt64());
        Assert.Equal(estimate.Sharing.SharedContents[1][5], root.GetProperty("sharing").GetProperty("shared_contents")[1][5].GetInt64());
        Assert.Equal(["shared_memory", "file_backed", "special"], root.GetProperty("not_mergeable").EnumerateArray().Select(part => part.GetProperty("reason").GetString()));
        Assert.Equal("frame_number", root.GetProperty("frame_identity").GetString());
        Assert.Equal(2.5, root.GetProperty("interval_seconds").GetDouble());
        Assert.True(root.GetProperty("partial").GetBoolean());
    }

    [Fact]
    public void Every_field_is_explained_in_the_reference()
    {
        var text = File.ReadAllText(Path.Combine(Checkout.Root, "docs/reference/estimate-json.md"));
        foreach (var name in Names(Json(Full())).Distinct())
        {
            Assert.True(text.Contains($"`{name}`", StringComparison.Ordinal), $"{name} is not in docs/reference/estimate-json.md");
        }
    }

    private static Estimate Full()
    {
        var whole = MadeUpEstimate.Of(8);
        return whole with
        {
            IsPartial = true,
            Sampling = new SamplingResult(16, 1000, 90, 110),
            Verification = new VerificationResult(10, 0),
            Targets = [whole.Targets[0] with { Note = "exited" }, .. whole.Targets.Skip(1)],
        };
    }

    private static JsonElement Json(Estimate estimate) => JsonDocument.Parse(EstimateJson.From(
        estimate, new EstimateOptions { Interval = TimeSpan.FromSeconds(2.5) }, DateTimeOffset.UnixEpoch, addressMap: true).ToText()).RootElement;

    private static string Shape(JsonElement element) => string.Join(' ', element.EnumerateObject().Select(property => property.Name + ":" + property.Value.ValueKind switch
    {
        JsonValueKind.Number => "n",
        JsonValueKind.String => "s",
        JsonValueKind.Object => "o",
        JsonValueKind.Array => "a",
        JsonValueKind.True or JsonValueKind.False => "b",
        var other => other.ToString(),
    }));

    private static IEnumerable<string> Names(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => Names(property.Value).Prepend(property.Name)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Names),
        _ => [],
    };
}
