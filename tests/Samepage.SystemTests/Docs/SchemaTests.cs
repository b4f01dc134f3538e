using System.Text.Json.Nodes;
using Samepage.Cli;
using Samepage.Cli.Words;

namespace Samepage.SystemTests.Docs;

/// <summary>
/// What verbs print with --json is what the schemas in docs/reference/json say, by a validator that knows nothing of us.
/// The verbs are found among the definitions, and each is given what its definition requires.
/// </summary>
public sealed class SchemaTests : IDisposable
{
    private const string Validate = "import json, jsonschema, sys; s, i = (json.load(open(f)) for f in sys.argv[1:]); jsonschema.Draft202012Validator.check_schema(s); jsonschema.validate(i, s, jsonschema.Draft202012Validator)";
    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-schema-").FullName;

    public SchemaTests() => Assert.SkipUnless(
        Tool.Run("/usr/bin/python3", "-c", "import jsonschema; jsonschema.Draft202012Validator").Status == 0, "python3-jsonschema is not installed");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void What_verbs_print_fits_their_schemas()
    {
        using var holder = new PageHolder("none", 10, contents: 10, seed: 1);
        var checkedVerbs = new List<string>();

        // A verb that merges with an engine of its own choice starts programs and takes its time: its own tests look at it.
        foreach (var verb in Verb.Root(Program.CreateRoot()).All().Where(verb => Has(verb, "--json") && !Has(verb, "--engine")))
        {
            var (_, output, _) = SamepageCommand.Run(Arguments(verb, holder.Pid));
            if (!output.StartsWith('{'))
            {
                continue;
            }

            var name = JsonNode.Parse(output)!["schema"]!.GetValue<string>();
            var (status, errors) = Check(name, output);
            Assert.True(status == 0, $"{verb.Typed}: {errors}");
            checkedVerbs.Add(verb.Typed);

            // The positive control: a field of another type is noticed.
            Assert.NotEqual(0, Check(name, output.Replace($"\"{name}\"", "7", StringComparison.Ordinal)).Status);
        }

        Assert.True(checkedVerbs.Count >= 8, $"only {string.Join(", ", checkedVerbs)} printed JSON");
    }

    private static bool Has(Verb verb, string option) => verb.Options.Any(known => known.Name == option);

    private static IEnumerable<string> Arguments(Verb verb, int pid) =>
    [
        .. verb.Path.Skip(1),
        .. verb.Options.Where(option => option.Required).SelectMany(option => new[] { option.Name, "64M" }),
        .. verb.Arguments.Where(argument => argument.Arity.MinimumNumberOfValues > 0).Select(argument => OptionValue.Of(argument).Kind == ValueKind.Process ? $"{pid}" : "x"),
        .. Has(verb, "--pid") ? new[] { "--pid", $"{pid}" } : [],
        .. Has(verb, "--dry-run") ? new[] { "--dry-run" } : [],
        "--json",
    ];

    private (int Status, string Errors) Check(string name, string output)
    {
        var schema = Path.Combine(SamepageCommand.Repository, "docs", "reference", "json", $"{name.Replace('/', '-')}.schema.json");
        var instance = Path.Combine(_directory, "instance.json");
        File.WriteAllText(instance, output);
        var (status, _, errors) = Tool.Run("/usr/bin/python3", "-c", Validate, schema, instance);
        return (status, errors);
    }
}
