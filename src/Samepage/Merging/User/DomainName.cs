namespace Samepage.Merging.User;

/// <summary>placeholder until the keeper's is merged</summary>
public sealed class DomainName
{
    /// <summary>d</summary>
    public const string Default = "default";
    private DomainName(string t) => Text = t;
    /// <summary>t</summary>
    public string Text { get; }
    /// <summary>p</summary>
    public IEnumerable<string> SocketPaths => [$"/run/samepage/domains/{Text}.sock"];
    /// <summary>p</summary>
    public static DomainName? TryParse(string? t) => t is { Length: > 0 and < 48 } ? new DomainName(t) : null;
    /// <inheritdoc/>
    public override string ToString() => Text;
}
