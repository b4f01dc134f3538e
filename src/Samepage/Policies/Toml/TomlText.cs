using Tomlyn;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Samepage.Policies.Toml;

/// <summary>Turns TOML text into nodes that know where they stand. The grammar is Tomlyn's; duplicate keys are its errors too.</summary>
internal static class TomlText
{
    /// <summary>Reads a document.</summary>
    /// <exception cref="PolicyException">The text is not TOML.</exception>
    public static TomlTable Parse(string file, string text)
    {
        var root = new TomlTable(new PolicyPosition(file, 0, 0));
        var document = ParseSyntax(file, text);
        AddAll(root, document.KeyValues);
        foreach (var table in document.Tables)
        {
            AddAll(Header(root, table), table.Items);
        }

        return root;

        PolicyPosition At(SyntaxNode node) => new(file, node.Span.Start.Line + 1, node.Span.Start.Column + 1);

        void AddAll(TomlTable table, SyntaxList<KeyValueSyntax> items)
        {
            foreach (var item in items)
            {
                Add(table, item);
            }
        }

        void Add(TomlTable table, KeyValueSyntax item)
        {
            var names = Names(item.Key!);
            table = names.SkipLast(1).Aggregate(table, (at, name) => Below(at, name, At(item)));
            table.Entries[names[^1]] = new TomlEntry(At(item), Node(item.Value!));
        }

        TomlTable Header(TomlTable table, TableSyntaxBase header)
        {
            var names = Names(header.Name!);
            table = names.SkipLast(1).Aggregate(table, (at, name) => Below(at, name, At(header)));
            if (header is not TableArraySyntax)
            {
                return Below(table, names[^1], At(header));
            }

            var list = table.Entries.TryGetValue(names[^1], out var known) ? known.Value as TomlList : new TomlList(At(header), []);
            if (list is null)
            {
                throw new PolicyException(At(header), $"'{names[^1]}' is already something else than an array of tables; rename one of them");
            }

            table.Entries.TryAdd(names[^1], new TomlEntry(At(header), list));
            list.Items.Add(new TomlTable(At(header)));
            return (TomlTable)list.Items[^1];
        }

        TomlNode Node(ValueSyntax value)
        {
            switch (value)
            {
                case StringValueSyntax text:
                    return new TomlScalar(At(value), text.Value ?? "");
                case IntegerValueSyntax number:
                    return new TomlScalar(At(value), number.Value);
                case FloatValueSyntax number:
                    return new TomlScalar(At(value), number.Value);
                case BooleanValueSyntax flag:
                    return new TomlScalar(At(value), flag.Value);
                case ArraySyntax array:
                    return new TomlList(At(value), [.. array.Items.Select(item => Node(item.Value!))]);
                case InlineTableSyntax inline:
                    var table = new TomlTable(At(value));
                    foreach (var item in inline.Items)
                    {
                        Add(table, item.KeyValue!);
                    }

                    return table;
                default:
                    return new TomlScalar(At(value), value);
            }
        }
    }

    private static DocumentSyntax ParseSyntax(string file, string text)
    {
        try
        {
            var document = SyntaxParser.Parse(text, file, validate: true);
            return document.Diagnostics.FirstOrDefault(message => message.Kind == DiagnosticMessageKind.Error) is { } error
                ? throw new PolicyException(new PolicyPosition(file, error.Span.Start.Line + 1, error.Span.Start.Column + 1), Words(error.Message))
                : document;
        }
        catch (TomlException error)
        {
            // Such as arrays in arrays beyond the depth that it goes to.
            throw new PolicyException(new PolicyPosition(file, error.Line ?? 1, error.Column ?? 1), Words(error.Message));
        }
        catch (ArgumentOutOfRangeException)
        {
            // Tomlyn 2.10 stumbles over a backslash that is the last letter of the text: it would name the letter behind it.
            var lines = text.Split('\n');
            throw new PolicyException(new PolicyPosition(file, lines.Length, lines[^1].Length + 1), Words("a string does not end"));
        }
    }

    private static string Words(string message) => $"not TOML: {message.ReplaceLineEndings(" ").TrimEnd('.')}; see https://toml.io";

    private static List<string> Names(KeySyntax key) =>
        [Name(key.Key!), .. key.DotKeys.Select(dotted => Name(dotted.Key!))];

    private static string Name(BareKeyOrStringValueSyntax key) => key switch
    {
        StringValueSyntax text => text.Value ?? "",
        BareKeySyntax bare => bare.Key?.Text ?? "",
        _ => "",
    };

    /// <summary>The table of a name, made where there is none yet. Of an array of tables it is the last.</summary>
    private static TomlTable Below(TomlTable table, string name, PolicyPosition at)
    {
        if (!table.Entries.TryGetValue(name, out var entry))
        {
            table.Entries[name] = entry = new TomlEntry(at, new TomlTable(at));
        }

        return entry.Value switch
        {
            TomlTable below => below,
            TomlList { Items: [.., TomlTable last] } => last,
            _ => throw new PolicyException(at, $"'{name}' is {entry.Value.Kind} and cannot have keys below it; rename one of them"),
        };
    }
}
