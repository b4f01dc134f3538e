using System.Buffers.Binary;
using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Samepage.Cli;
using Samepage.Server.Loop;

namespace Samepage.Tests.Docs;

/// <summary>
/// The JSON documents that the executable and the daemon write, found by what makes them such: a type that a
/// source-generated context serializes, with a property Schema, and with the schema's name in its own code.
/// </summary>
internal static partial class JsonDocuments
{
    /// <summary>A document.</summary>
    /// <param name="Type">What is serialized.</param>
    /// <param name="Context">By which context.</param>
    /// <param name="Schemas">The names of its schema; several where verbs share one.</param>
    public sealed record Document(Type Type, JsonSerializerContext Context, IReadOnlyList<string> Schemas);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Document> All { get; } =
    [
        .. from assembly in new[] { typeof(ExitCode).Assembly, typeof(DaemonStatus).Assembly }
           from context in assembly.GetTypes()
           where context.IsSubclassOf(typeof(JsonSerializerContext))
           from type in context.GetCustomAttributesData()
               .Where(attribute => attribute.AttributeType == typeof(JsonSerializableAttribute))
               .Select(attribute => (Type)attribute.ConstructorArguments[0].Value!)
           where type.GetProperty("Schema") is not null
           select new Document(type, (JsonSerializerContext)context.GetProperty("Default", BindingFlags.Static | BindingFlags.Public)!.GetValue(null)!, [.. Names(type).Distinct().Order(StringComparer.Ordinal)]),
    ];

    /// <summary>A constant, or else what its methods, and those nested in it, load.</summary>
    private static IEnumerable<string> Names(Type type) =>
        type.GetField("SchemaName", BindingFlags.Static | BindingFlags.Public)?.GetRawConstantValue() is string name
            ? [name]
            : Nested(type).SelectMany(nested => nested.GetMethods(Everything | BindingFlags.DeclaredOnly)).SelectMany(Strings).Where(text => NamePattern().IsMatch(text));

    private const BindingFlags Everything = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    private static IEnumerable<Type> Nested(Type type) =>
        type.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic).SelectMany(Nested).Prepend(type);

    /// <summary>The strings that a method loads: behind the byte of ldstr stands a token, and what is no token is passed over.</summary>
    private static IEnumerable<string> Strings(MethodInfo method)
    {
        const byte LoadString = 0x72;
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (var i = 0; i + 5 <= code.Length; i++)
        {
            var token = BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(i + 1));
            if (code[i] == LoadString && token >>> 24 == 0x70 && TryResolve(method.Module, token) is { } text)
            {
                yield return text;
            }
        }
    }

    private static string? TryResolve(Module module, int token)
    {
        try
        {
            return module.ResolveString(token);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    [GeneratedRegex("^samepage\\.[a-z-]+/[0-9]+$")]
    private static partial Regex NamePattern();
}
