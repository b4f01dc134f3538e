using System.Globalization;
using Samepage.Policies.Toml;
using Samepage.Targets;

namespace Samepage.Policies;

/// <summary>
/// What may stand in a policy, found out from its reader: keys and types are those that it asks for, a default is what it
/// takes where the key is missing, and a key without which it refuses must be given. Only the meaning is written by hand.
/// </summary>
public static class PolicyReference
{
    private const string Root = "a policy";

    /// <summary>As little as makes a policy with one of each section; sections without keys that must be given need not be here.</summary>
    private const string Smallest = """
        [[rule]]
        name = "x"
        engine = "user"
        [rule.match]
        comm = "x"
        user = "0"
        [guard.swap]
        provision = "file"
        size_max = "1G"
        [[guard.cgroup]]
        path = "/x"
        """;

    private static readonly PolicyReader s_reader = new(new UserNames());

    /// <summary>All sections, in the order in which the reader asks for them.</summary>
    public static IReadOnlyList<PolicySection> Sections()
    {
        var log = new TomlKeyLog();
        var document = Document(log, _ => { });
        var given = Tables(document, log);
        var holding = Tables(TomlText.Parse("", PolicyText.Write(s_reader.Read(Policy.Default, "", document))), log);
        return [.. log.Sections.Select(section => new PolicySection(
            section.Title, section.Parent == Root ? null : section.Parent, PolicyMeanings.OfSection(section.Title),
            [.. log.Keys.Where(key => key.Section == section.Title).Select(key => Key(key.Section, key.Key, key.Type, given, holding))]))];
    }

    private static PolicyKey Key(
        string section, string key, string type, Dictionary<string, TomlTable> given, Dictionary<string, TomlTable> holding)
    {
        var isGiven = given[section].Entries.ContainsKey(key);
        var fallback = !isGiven && holding.TryGetValue(section, out var table) && table.Entries.TryGetValue(key, out var entry) ? entry.Value : null;
        return new PolicyKey(key, type.Length > 0 ? type : TypeOf(fallback), fallback is null ? null : Text(fallback), isGiven && IsRefusedWithout(section, key), PolicyMeanings.Of(section, key));
    }

    private static bool IsRefusedWithout(string section, string key)
    {
        try
        {
            var log = new TomlKeyLog();
            _ = Document(log, document => Tables(document, log).GetValueOrDefault(section)?.Entries.Remove(key));
            return false;
        }
        catch (PolicyException)
        {
            return true;
        }
    }

    /// <summary>Reads again and again, each time with the sections that the reader was heard asking for.</summary>
    private static TomlTable Document(TomlKeyLog log, Action<TomlTable> change)
    {
        var document = TomlText.Parse("", Smallest);
        for (var known = -1; known < log.Sections.Count;)
        {
            known = log.Sections.Count;
            change(document);
            _ = s_reader.Read(Policy.Default, "", document, log);
            AddMissing(document, log);
        }

        return document;
    }

    private static void AddMissing(TomlTable document, TomlKeyLog log)
    {
        var tables = Tables(document, log);
        foreach (var (parent, key, title, isArray) in log.Sections.Where(section => !tables.ContainsKey(section.Title)))
        {
            var table = new TomlTable(document.Position);
            tables[title] = table;
            tables[parent].Entries[key] = new TomlEntry(document.Position, isArray ? new TomlList(document.Position, [table]) : table);
        }
    }

    /// <summary>The tables of a document by what messages call them.</summary>
    private static Dictionary<string, TomlTable> Tables(TomlTable document, TomlKeyLog log)
    {
        var tables = new Dictionary<string, TomlTable> { [Root] = document };
        foreach (var (parent, key, title, _) in log.Sections)
        {
            if (tables.TryGetValue(parent, out var above) && above.Entries.TryGetValue(key, out var entry)
                && (entry.Value as TomlTable ?? (entry.Value as TomlList)?.Items.OfType<TomlTable>().FirstOrDefault()) is { } table)
            {
                tables[title] = table;
            }
        }

        return tables;
    }

    private static string TypeOf(TomlNode? node) => node switch
    {
        TomlScalar { Value: bool } => "true or false",
        TomlScalar { Value: long } => "whole number",
        TomlScalar { Value: double } => "number",
        TomlList => "array",
        _ => "string",
    };

    private static string Text(TomlNode node) => node switch
    {
        TomlScalar { Value: string text } => $"\"{text}\"",
        TomlScalar { Value: bool truth } => truth ? "true" : "false",
        TomlScalar scalar => Convert.ToString(scalar.Value, CultureInfo.InvariantCulture)!,
        TomlList list => $"[{string.Join(", ", list.Items.Select(Text))}]",
        _ => "",
    };
}

/// <summary>A section of a policy.</summary>
/// <param name="Title">As it is written, such as <c>[guard]</c>.</param>
/// <param name="Parent">The section that it belongs to; null for those of the file itself.</param>
/// <param name="Meaning">What it is about; null where nobody has said.</param>
/// <param name="Keys">Its keys.</param>
public sealed record PolicySection(string Title, string? Parent, string? Meaning, IReadOnlyList<PolicyKey> Keys);

/// <summary>A key of a policy.</summary>
/// <param name="Name">The key.</param>
/// <param name="Type">What its value may be.</param>
/// <param name="Default">What holds where it is missing, as TOML; null where that is nothing.</param>
/// <param name="IsRequired">Whether it must be given.</param>
/// <param name="Meaning">What it means; null where nobody has said.</param>
public sealed record PolicyKey(string Name, string Type, string? Default, bool IsRequired, string? Meaning);
