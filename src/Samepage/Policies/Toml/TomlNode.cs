namespace Samepage.Policies.Toml;

/// <summary>A value of a TOML document that knows where it stands.</summary>
/// <param name="Position">Where it begins.</param>
internal abstract record TomlNode(PolicyPosition Position)
{
    /// <summary>What it is, in words for messages.</summary>
    public abstract string Kind { get; }
}

/// <summary>A string, number, boolean or date.</summary>
internal sealed record TomlScalar(PolicyPosition Position, object Value) : TomlNode(Position)
{
    public override string Kind => Value switch
    {
        string => "a string",
        long => "a whole number",
        double => "a number",
        bool => "a boolean",
        _ => "a date",
    };
}

/// <summary>An array of values, or the tables of one <c>[[name]]</c>.</summary>
internal sealed record TomlList(PolicyPosition Position, List<TomlNode> Items) : TomlNode(Position)
{
    public override string Kind => "an array";
}

/// <summary>A table, however it was written: <c>[a]</c>, <c>a.b = 1</c>, <c>a = { b = 1 }</c>.</summary>
internal sealed record TomlTable(PolicyPosition Position) : TomlNode(Position)
{
    public override string Kind => "a table";

    /// <summary>What is in it, in the order of the file.</summary>
    public OrderedDictionary<string, TomlEntry> Entries { get; } = [];
}

/// <summary>A key, where it stands, and its value.</summary>
internal readonly record struct TomlEntry(PolicyPosition KeyPosition, TomlNode Value);
