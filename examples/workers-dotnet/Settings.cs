using System.Globalization;

namespace Workers;

/// <summary>The command line.</summary>
internal sealed record Settings(int Workers, string Data, string Domain, string? Keeper, bool IsPlain, bool IsWorker)
{
    private static readonly string[] s_roots = ["/usr/share/dotnet", "/usr/lib/dotnet", "/usr/local/share/dotnet"];

    public static Settings Parse(string[] arguments)
    {
        string? Value(string name) => Array.IndexOf(arguments, name) is >= 0 and var i && i + 1 < arguments.Length ? arguments[i + 1] : null;
        return new Settings(
            int.Parse(Value("--workers") ?? "3", CultureInfo.InvariantCulture),
            Value("--data") ?? DefaultData(),
            Value("--domain") ?? "workers",
            Value("--keeper"),
            arguments.Contains("--plain"),
            arguments.Contains("--worker"));
    }

    /// <summary>The newest shared framework of this machine: some 70 MB that every .NET program could load.</summary>
    private static string DefaultData()
    {
        var root = Environment.GetEnvironmentVariable("DOTNET_ROOT")
            ?? s_roots.FirstOrDefault(Directory.Exists)
            ?? "/usr/share";
        var shared = Path.Combine(root, "shared", "Microsoft.NETCore.App");
        return Directory.Exists(shared) ? Directory.GetDirectories(shared).Order(StringComparer.Ordinal).Last() : root;
    }
}
