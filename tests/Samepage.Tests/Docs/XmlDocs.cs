using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Samepage.Tests.Docs;

/// <summary>What the documentation comments of an assembly say, as the compiler wrote them beside it.</summary>
internal static partial class XmlDocs
{
    private static readonly Dictionary<Assembly, Dictionary<string, XElement>> s_read = [];

    /// <summary>The summary of a type; null where it has none.</summary>
    public static string? Of(Type type) => Text(Member(type.Assembly, $"T:{Name(type)}")?.Element("summary"));

    /// <summary>What is said of a property, by itself or as a parameter of its record.</summary>
    public static string? Of(PropertyInfo property)
    {
        var type = property.DeclaringType!;
        return Text(Member(type.Assembly, $"P:{Name(type)}.{property.Name}")?.Element("summary"))
            ?? Text(Member(type.Assembly, $"T:{Name(type)}")?.Elements("param").FirstOrDefault(param => (string?)param.Attribute("name") == property.Name));
    }

    private static string Name(Type type) => (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!.Replace('+', '.');

    private static XElement? Member(Assembly assembly, string id)
    {
        lock (s_read)
        {
            if (!s_read.TryGetValue(assembly, out var members))
            {
                var file = Path.ChangeExtension(assembly.Location, ".xml");
                members = File.Exists(file)
                    ? XDocument.Load(file).Descendants("member").ToDictionary(member => (string)member.Attribute("name")!)
                    : [];
                s_read[assembly] = members;
            }

            return members.GetValueOrDefault(id);
        }
    }

    /// <summary>References count as the last part of the name that they refer to.</summary>
    private static string? Text(XElement? element) => element is null ? null : BlankPattern().Replace(
        string.Concat(element.Nodes().Select(node => node is XElement { Name.LocalName: "see" or "paramref" } reference
            ? ((string?)reference.Attribute("cref") ?? (string?)reference.Attribute("name") ?? "").Split('.', ':')[^1]
            : node is XElement inner ? inner.Value : node.ToString().Replace("&lt;", "<", StringComparison.Ordinal).Replace("&amp;", "&", StringComparison.Ordinal))), " ").Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex BlankPattern();
}
