namespace Samepage.Server.Dashboard;

/// <summary>Reads a query. What is named twice or not known makes it meaningless.</summary>
internal static class QueryText
{
    /// <summary>The values by name; null where the query is none of these names.</summary>
    /// <param name="query">With its question mark, or empty.</param>
    /// <param name="names">What may be given, each once; empty values count as not given.</param>
    public static Dictionary<string, string>? Parse(string query, params IReadOnlyList<string> names)
    {
        var found = new Dictionary<string, string>();
        foreach (var part in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var sign = part.IndexOf('=', StringComparison.Ordinal);
            if (sign < 0 || !names.Contains(part[..sign]) || !found.TryAdd(part[..sign], Uri.UnescapeDataString(part[(sign + 1)..].Replace('+', ' '))))
            {
                return null;
            }
        }

        return found.Where(pair => pair.Value.Length > 0).ToDictionary();
    }
}
