using System.Text.Json.Nodes;
using Samepage.Cli.Rendering;
using Samepage.Server.History;
using Samepage.Server.History.Recording;

namespace Samepage.Tests.Docs;

/// <summary>
/// The documents that are written field by field, so that no type has their schema. The daemon's are described in its
/// OpenAPI, which a test holds against what it answers; a replay is made of a record's head, a history and decisions.
/// </summary>
internal static class WrittenDocuments
{
    private const string ComponentPrefix = "#/components/schemas/";

    private static readonly JsonObject s_components = Components();

    /// <summary>A document.</summary>
    /// <param name="Name">The name of its schema.</param>
    /// <param name="About">What it is.</param>
    /// <param name="Body">Its schema, without a head.</param>
    public sealed record Document(string Name, string About, JsonObject Body);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Document> All { get; } =
    [
        Component("History", HistoryAnswer.SchemaName, "A stretch of history, as samepage.history/1."),
        Component("WhatIf", "samepage.what-if/1", "The latest estimate that was asked for by HTTP, as samepage.what-if/1."),
        new(ReplayJson.SchemaName, "A record that was replayed, as samepage.replay/1.", Replay()),
    ];

    private static Document Component(string component, string name, string about) => new(name, about, Plain(s_components[component]!).AsObject());

    private static JsonObject Replay()
    {
        JsonObject Part(JsonObject body, string description, bool isNullable)
        {
            body["description"] = description;
            body["type"] = isNullable ? new JsonArray("object", "null") : "object";
            return body;
        }

        return new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                ["schema"] = new JsonObject { ["const"] = ReplayJson.SchemaName },
                ["record"] = Part(SchemaReferenceTests.Exported(ReplayContext.Default, typeof(RecordHead)), "What the record is of, as samepage.record/1.", isNullable: false),
                ["history"] = Part(Plain(s_components["History"]!).AsObject(), "What was, as samepage.history/1; null where the record has no history.", isNullable: true),
                ["governor"] = Part(SchemaReferenceTests.Exported(ReplayContext.Default, typeof(GovernorStory)), "What this version's governor decides over the record's samples; null where it has none.", isNullable: true),
            },
            ["required"] = new JsonArray("schema", "record", "history", "governor"),
        };
    }

    /// <summary>References are resolved, and fields may be added: where one of several forms applies, others may fit as well.</summary>
    private static JsonNode Plain(JsonNode node) => node switch
    {
        JsonObject schema when (string?)schema["$ref"] is { } reference => Plain(s_components[reference[ComponentPrefix.Length..]]!),
        JsonObject schema => new JsonObject(schema
            .Where(field => !(field.Key == "additionalProperties" && field.Value is JsonValue))
            .Select(field => KeyValuePair.Create(field.Key == "oneOf" ? "anyOf" : field.Key, field.Value is null ? null : Plain(field.Value)))),
        JsonArray items => new JsonArray([.. items.Select(item => item is null ? null : Plain(item))]),
        _ => node.DeepClone(),
    };

    private static JsonObject Components()
    {
        var description = File.ReadAllText(Path.Combine(Checkout.Root, "src", "Samepage.Server", "Http", "openapi.json"));
        return JsonNode.Parse(description)!["components"]!["schemas"]!.AsObject();
    }
}
