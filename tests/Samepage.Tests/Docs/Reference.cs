namespace Samepage.Tests.Docs;

/// <summary>
/// Pages of docs/reference that are made from the code. A test compares; with SAMEPAGE_WRITE_REFERENCE=1 it writes.
/// </summary>
internal static class Reference
{
    /// <summary>The first line of each page.</summary>
    public const string Notice = "<!-- Made from the code: SAMEPAGE_WRITE_REFERENCE=1 ./test unit -class '*ReferenceTests' writes it anew. -->";

    /// <summary>The directory of the pages.</summary>
    public static string Directory { get; } = Path.Combine(Checkout.Root, "docs", "reference");

    /// <summary>Fails where a page is not what the code says.</summary>
    public static void AssertInStep(string name, string text)
    {
        var file = Path.Combine(Directory, name);
        if (Environment.GetEnvironmentVariable("SAMEPAGE_WRITE_REFERENCE") == "1")
        {
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }

        Assert.True(File.Exists(file), $"docs/reference/{name} is missing; SAMEPAGE_WRITE_REFERENCE=1 writes it");
        Assert.True(File.ReadAllText(file) == text, $"docs/reference/{name} is not what the code says; SAMEPAGE_WRITE_REFERENCE=1 ./test unit -class '*ReferenceTests' writes it anew");
    }

    /// <summary>What stands in a cell of a table must not end it.</summary>
    public static string Cell(string? text) => (text ?? "").Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
