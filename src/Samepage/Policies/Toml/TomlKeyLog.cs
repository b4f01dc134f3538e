namespace Samepage.Policies.Toml;

/// <summary>
/// Notes which keys and sections a reader asks for, and of what type: so the reference of a policy is what its reader
/// does, and cannot name a key that the reader does not know.
/// </summary>
internal sealed class TomlKeyLog
{
    private readonly List<(string Section, string Key, string Type)> _keys = [];
    private readonly List<(string Parent, string Key, string Title, bool IsArray)> _sections = [];

    /// <summary>Keys in the order in which they were first asked for: the section that messages name, key and type.</summary>
    public IReadOnlyList<(string Section, string Key, string Type)> Keys => _keys;

    /// <summary>Sections in the order in which they were first asked for.</summary>
    public IReadOnlyList<(string Parent, string Key, string Title, bool IsArray)> Sections => _sections;

    /// <summary>Takes up a key; the first word on its type holds.</summary>
    public void Key(TomlSection section, string key, string type)
    {
        if (!_keys.Exists(known => known.Section == section.Name && known.Key == key))
        {
            _keys.Add((section.Name, key, type));
        }
    }

    /// <summary>Takes up a key of which nobody has said a type; that of its default will have to do.</summary>
    public void Seen(TomlSection section, string key)
    {
        if (!_sections.Exists(known => known.Parent == section.Name && known.Key == key))
        {
            Key(section, key, "");
        }
    }

    /// <summary>Takes up a section.</summary>
    public void Section(TomlSection parent, string key, string title, bool isArray)
    {
        if (!_sections.Exists(known => known.Title == title))
        {
            _sections.Add((parent.Name, key, title, isArray));
        }
    }
}
