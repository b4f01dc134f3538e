namespace Samepage.Tests.Docs;

/// <summary>The checkout that the tests were built from.</summary>
internal static class Checkout
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        var at = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(at, "Samepage.slnx")))
        {
            at = Path.GetDirectoryName(at) ?? throw new InvalidOperationException("the tests run from a checkout");
        }

        return at;
    }
}
