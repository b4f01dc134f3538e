using System.Globalization;

namespace Samepage.Policies.Toml;

/// <summary>
/// Reads a table key by key. What is missing comes back as null; what has the wrong type, and at the end what nobody
/// asked for, is an error with its place.
/// </summary>
/// <param name="table">The table.</param>
/// <param name="name">What messages call it, such as <c>[guard]</c>.</param>
/// <param name="log">Hears of each key that is asked for, where somebody wants to know them.</param>
internal sealed class TomlSection(TomlTable table, string name, TomlKeyLog? log = null)
{
    private readonly List<string> _asked = [];

    /// <summary>Where it begins.</summary>
    public PolicyPosition Position => table.Position;

    /// <summary>What messages call it.</summary>
    public string Name => name;

    /// <summary>Where a key stands; the section itself where it is missing.</summary>
    public PolicyPosition PositionOf(string key) => table.Entries.TryGetValue(key, out var entry) ? entry.Value.Position : Position;

    /// <summary>A string that is not empty.</summary>
    /// <param name="key">The key.</param>
    /// <param name="type">What stands in the string, for those who read about it.</param>
    public string? Text(string key, string type = "string")
    {
        log?.Key(this, key, type);
        return Scalar<string>(key, "a string in quotes") is { } text
            ? text.Length > 0 ? text : throw Wrong(key, "is empty; give a value, or leave the line out")
            : null;
    }

    /// <summary>A whole number within bounds.</summary>
    public long? Whole(string key, long least, long most)
    {
        log?.Key(this, key, string.Create(CultureInfo.InvariantCulture, $"whole number, {least} to {most}"));
        var number = Node(key) is null ? null : (long?)Scalar<long>(key, "a whole number");
        return number is null || (number >= least && number <= most) ? number : throw Wrong(key, $"must be {least} to {most}, and is {number}");
    }

    /// <summary>A number within bounds.</summary>
    public double? Number(string key, double least, double most)
    {
        log?.Key(this, key, string.Create(CultureInfo.InvariantCulture, $"number, {least} to {most}"));
        double? number = Node(key) switch
        {
            null => null,
            TomlScalar { Value: long whole } => whole,
            _ => Scalar<double>(key, "a number"),
        };
        return number is null || (number >= least && number <= most)
            ? number
            : throw Wrong(key, string.Create(CultureInfo.InvariantCulture, $"must be {least} to {most}, and is {number}"));
    }

    /// <summary>True or false.</summary>
    public bool? Truth(string key) => Node(key) is null ? null : Scalar<bool>(key, "true or false");

    /// <summary>One of some words.</summary>
    public T? Word<T>(string key, params ReadOnlySpan<(string Word, T Value)> words)
        where T : struct
    {
        log?.Key(this, key, Either(words));
        if (Scalar<string>(key, "a string in quotes") is not { } text)
        {
            return null;
        }

        var known = new List<string>();
        foreach (var (word, value) in words)
        {
            if (word == text)
            {
                return value;
            }

            known.Add($"\"{word}\"");
        }

        throw Wrong(key, $"must be {string.Join(" or ", known)}, and is \"{text}\"");
    }

    /// <summary>Strings, none of which is empty; at least one.</summary>
    /// <param name="key">The key.</param>
    /// <param name="example">A value as messages show it.</param>
    public IReadOnlyList<string>? Texts(string key, string example)
    {
        log?.Key(this, key, "array of strings");
        if (Node(key) is not { } node)
        {
            return null;
        }

        var texts = (node as TomlList)?.Items.Select(item => (item as TomlScalar)?.Value as string ?? "").ToList();
        return texts is { Count: > 0 } && texts.TrueForAll(text => text.Length > 0)
            ? texts
            : throw Wrong(key, $"must be an array of strings that are not empty, such as {example}");
    }

    /// <summary>A table below this one.</summary>
    public TomlSection? Section(string key, string title)
    {
        log?.Section(this, key, title, isArray: false);
        return Node(key) switch
        {
            null => null,
            TomlTable below => new TomlSection(below, title, log),
            var other => throw Wrong(key, $"must be a table, and is {other.Kind}"),
        };
    }

    /// <summary>Tables below this one, written as <c>[[key]]</c>.</summary>
    public IReadOnlyList<TomlSection> Sections(string key, string title)
    {
        log?.Section(this, key, title, isArray: true);
        return Node(key) switch
        {
            null => [],
            TomlList list when list.Items.TrueForAll(item => item is TomlTable) => [.. list.Items.Select(item => new TomlSection((TomlTable)item, title, log))],
            _ => throw new PolicyException(table.Entries[key].KeyPosition, $"{title} must be written in double brackets, once for each"),
        };
    }

    /// <summary>Ends the reading.</summary>
    /// <exception cref="PolicyException">There is a key that nobody asked for.</exception>
    public void End()
    {
        foreach (var (key, entry) in table.Entries)
        {
            if (!_asked.Contains(key))
            {
                var near = _asked.MinBy(known => Distance(known, key));
                var advice = near is not null && Distance(near, key) <= 2 ? $"'{near}' may be meant" : $"known are {string.Join(", ", _asked.Order(StringComparer.Ordinal))}";
                throw new PolicyException(entry.KeyPosition, $"{name} has no '{key}'; {advice}");
            }
        }
    }

    /// <summary>An error about a key's value.</summary>
    public PolicyException Wrong(string key, string problem) => new(PositionOf(key), $"{key} {problem}");

    private static string Either<T>(ReadOnlySpan<(string Word, T Value)> words)
    {
        var quoted = new List<string>();
        foreach (var (word, _) in words)
        {
            quoted.Add($"\"{word}\"");
        }

        return string.Join(", ", quoted);
    }

    private TomlNode? Node(string key)
    {
        log?.Seen(this, key);
        if (!_asked.Contains(key))
        {
            _asked.Add(key);
        }

        return table.Entries.TryGetValue(key, out var entry) ? entry.Value : null;
    }

    private T? Scalar<T>(string key, string wanted) => Node(key) switch
    {
        null => default,
        TomlScalar { Value: T value } => value,
        var other => throw Wrong(key, $"must be {wanted}, and is {other.Kind}"),
    };

    /// <summary>How many letters must be changed, added or left out to make one word of the other.</summary>
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var best = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (one[i - 1] == other[j - 1] ? 0 : 1));
                (diagonal, row[j]) = (row[j], best);
            }
        }

        return row[^1];
    }
}
