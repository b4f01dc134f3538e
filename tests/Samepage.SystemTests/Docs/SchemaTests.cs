using System.CommandLine;
using System.Text.Json.Nodes;
using Samepage.Cli;
using Samepage.Cli.Words;

namespace Samepage.SystemTests.Docs;

/// <summary>
/// What verbs print with --json is what the schemas in docs/reference/json say, by a validator that knows nothing of us.
/// The verbs are found among the definitions, and each is given what its definition requires, and a file where it reads one.
/// </summary>
public sealed class SchemaTests : IDisposable
{
    private const string Validate = "import json, jsonschema, sys; s, i = (json.load(open(f)) for f in sys.argv[1:]); jsonschema.Draft202012Validator.check_schema(s); jsonschema.validate(i, s, jsonschema.Draft202012Validator)";

    /// <summary>It starts programs and merges them, with an engine of its choice; DemoTests and UserDemoTests read what it prints.</summary>
    private static readonly string[] s_elsewhere = ["samepage demo"];

    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-schema-").FullName;

    public SchemaTests() => Assert.SkipUnless(
        Tool.Run("/usr/bin/python3", "-c", "import jsonschema; jsonschema.Draft202012Validator").Status == 0, "python3-jsonschema is not installed");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>Every verb with --json but those of which another test looks at what they print.</summary>
    public static TheoryData<string> Verbs => [.. All().Where(verb => Has(verb, "--json") && !s_elsewhere.Contains(verb.Typed)).Select(verb => verb.Typed)];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void What_a_verb_prints_fits_its_schema(string typed)
    {
        using var holder = new PageHolder("none", 10, contents: 10, seed: 1);
        var (exit, output, said) = SamepageCommand.Run(Arguments(All().Single(verb => verb.Typed == typed), holder.Pid));
        Assert.SkipWhen(exit == ExitCode.Missing, $"this machine lacks what '{typed}' needs: {said}");
        Assert.True(output.StartsWith('{'), $"'{typed}' printed no JSON, and ended with {exit}: {said}");
        var name = JsonNode.Parse(output)!["schema"]!.GetValue<string>();
        var (status, errors) = Check(name, output);
        Assert.True(status == 0, $"{typed}: {errors}");

        // The positive control: a field of another type is noticed.
        Assert.NotEqual(0, Check(name, output.Replace($"\"{name}\"", "7", StringComparison.Ordinal)).Status);
    }

    [Fact]
    public void Verbs_that_are_left_to_other_tests_exist() =>
        Assert.Empty(s_elsewhere.Except(All().Where(verb => Has(verb, "--json")).Select(verb => verb.Typed)));

    private static IEnumerable<Verb> All() => Verb.Root(Program.CreateRoot()).All();

    private static bool Has(Verb verb, string option) => verb.Options.Any(known => known.Name == option);

    private IEnumerable<string> Arguments(Verb verb, int pid) =>
    [
        .. verb.Path.Skip(1),
        .. verb.Options.Where(option => option.Required).SelectMany(option => new[] { option.Name, "64M" }),
        .. verb.Arguments.SelectMany(argument => Value(verb, argument, pid)),
        .. verb.Path[^1] == "history" ? new[] { "--file", History() } : [],
        .. Has(verb, "--pid") ? new[] { "--pid", $"{pid}" } : [],
        .. Has(verb, "--dry-run") ? new[] { "--dry-run" } : [],
        "--json",
    ];

    private IEnumerable<string> Value(Verb verb, Argument argument, int pid) => (OptionValue.Of(argument).Kind, verb.Path[^1]) switch
    {
        (ValueKind.File, "replay") => [Record()],
        (ValueKind.File, "ksmtuned") => [Ksmtuned()],
        _ when argument.Arity.MinimumNumberOfValues == 0 => [],
        (ValueKind.Process, _) => [$"{pid}"],
        _ => throw new InvalidOperationException($"what is '{verb.Typed}' to be given for {argument.Name}?"),
    };

    private string History()
    {
        var file = Path.Combine(_directory, "history.db");
        MadeUpHistory.Write(file, 4711);
        return file;
    }

    private string Record()
    {
        var file = Path.Combine(_directory, "host.samepage");
        var (status, _, errors) = SamepageCommand.Run("record", "--file", History(), "--for", "2s", file);
        Assert.True(status == 0, errors);
        return file;
    }

    private string Ksmtuned()
    {
        var file = Path.Combine(_directory, "ksmtuned.conf");
        File.WriteAllText(file, "KSM_SLEEP_MSEC=10\nKSM_NPAGES_MAX=1250\n");
        return file;
    }

    private (int Status, string Errors) Check(string name, string output)
    {
        var schema = Path.Combine(SamepageCommand.Repository, "docs", "reference", "json", $"{name.Replace('/', '-')}.schema.json");
        var instance = Path.Combine(_directory, "instance.json");
        File.WriteAllText(instance, output);
        var (status, _, errors) = Tool.Run("/usr/bin/python3", "-c", Validate, schema, instance);
        return (status, errors);
    }
}
