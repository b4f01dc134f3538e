using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Samepage.Tests.Docs;

/// <summary>A JSON schema for each document that a verb or the daemon writes, made from the types that are serialized.</summary>
public sealed partial class SchemaReferenceTests
{
    private static readonly JsonSerializerOptions s_readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static IEnumerable<(string Name, string About, string Text)> Schemas => JsonDocuments.All
        .SelectMany(document => document.Schemas.Select(name => (name, document)))
        .GroupBy(entry => entry.name, entry => entry.document)
        .Select(group => Serialized(group.Key, [.. group.OrderBy(document => document.Type.Name, StringComparer.Ordinal)]))
        .Concat(WrittenDocuments.All.Select(document => (document.Name, document.About, Text(document.Name, [document.Body.DeepClone().AsObject()]))))
        .OrderBy(schema => schema.Item1, StringComparer.Ordinal);

    [Fact]
    public void Each_document_has_its_schema()
    {
        var index = new StringBuilder($"{Reference.Notice}\n")
            .Append("# Reference: JSON\n\nEvery verb that reports has `--json`: one object, its `schema` first. Names and types are a contract: fields may be added, none is renamed, retyped or left out under the same number. What does not apply is null. Bytes and pages are integers; the unit is the last word of a name. What the fields of `samepage.estimate/1` mean is told at length in [estimate-json](estimate-json.md).\n\n| schema | JSON schema | what it is |\n|---|---|---|\n");
        foreach (var (name, about, text) in Schemas)
        {
            var file = $"json/{name.Replace('/', '-')}.schema.json";
            Reference.AssertInStep(file, text);
            index.Append(CultureInfo.InvariantCulture, $"| `{name}` | [{Path.GetFileName(file)}]({file}) | {Reference.Cell(about)} |\n");
        }

        Reference.AssertInStep("json.md", index.ToString());
        var stray = Directory.EnumerateFiles(Path.Combine(Reference.Directory, "json")).Select(Path.GetFileName).Except(Schemas.Select(schema => $"{schema.Name.Replace('/', '-')}.schema.json"));
        Assert.Empty(stray);
    }

    /// <summary>Every name of a schema that stands in the sources of CLI and daemon was found, so none is without a schema.</summary>
    [Fact]
    public void No_document_is_overlooked()
    {
        var sources = new[] { "Samepage.Cli", "Samepage.Server" }.SelectMany(project =>
            Directory.EnumerateFiles(Path.Combine(Checkout.Root, "src", project), "*.cs", SearchOption.AllDirectories));
        var named = sources.SelectMany(file => NamePattern().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value)).Distinct().Order(StringComparer.Ordinal).ToList();
        Assert.True(named.Count >= 10, string.Join(' ', named));
        Assert.Equal(named, Schemas.Select(schema => schema.Name));
        Assert.All(JsonDocuments.All, document => Assert.NotEmpty(document.Schemas));
    }

    /// <summary>What a context makes of a type, with what the code says of it.</summary>
    internal static JsonObject Exported(JsonSerializerContext context, Type type) =>
        context.Options.GetJsonSchemaAsNode(type, new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = Describe,
        }).AsObject();

    private static (string Name, string About, string Text) Serialized(string name, IReadOnlyList<JsonDocuments.Document> documents) => (
        name, string.Join(" Or: ", documents.Select(document => XmlDocs.Of(document.Type)).Distinct()),
        Text(name, [.. documents.Select(document => Body(document, name))]));

    private static string Text(string name, IReadOnlyList<JsonObject> bodies)
    {
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["$id"] = $"urn:{name.Replace('.', ':').Replace('/', ':')}",
            ["title"] = name,
        };

        // References count from the root, where only a single body lies.
        Assert.True(bodies.Count == 1 || bodies.All(body => !body.ToJsonString().Contains("\"$ref\"", StringComparison.Ordinal)));
        if (bodies.Count > 1)
        {
            schema["anyOf"] = new JsonArray([.. bodies]);
        }
        else
        {
            foreach (var (key, value) in bodies[0].ToList())
            {
                bodies[0].Remove(key);
                schema[key] = value;
            }
        }

        return schema.ToJsonString(s_readable) + "\n";
    }

    private static JsonObject Body(JsonDocuments.Document document, string name)
    {
        var body = Exported(document.Context, document.Type);
        // A document is an object, never null, and says what it is.
        body["type"] = "object";
        body["properties"]!["schema"] = new JsonObject { ["const"] = name };
        return body;
    }

    /// <summary>Adds what the code says of a field or a part.</summary>
    private static JsonNode Describe(JsonSchemaExporterContext context, JsonNode node)
    {
        if (node is JsonObject schema && context.Path.Length > 0 && Description(context) is { Length: > 0 } description)
        {
            schema.Insert(0, "description", description);
        }

        return node;
    }

    private static string? Description(JsonSchemaExporterContext context)
    {
        if (context.PropertyInfo is not { } field)
        {
            return null;
        }

        var property = field.DeclaringType.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .FirstOrDefault(candidate => JsonNamingPolicy.SnakeCaseLower.ConvertName(candidate.Name) == field.Name);
        return property is null ? null : XmlDocs.Of(property);
    }

    [GeneratedRegex("\"(samepage\\.[a-z-]+/[0-9]+)\"")]
    private static partial Regex NamePattern();
}
