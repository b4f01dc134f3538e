namespace Samepage.Merging.User;

/// <summary>A socket that may be a keeper's.</summary>
/// <param name="Name">The domain's name, by the file's.</param>
/// <param name="SocketPath">The file.</param>
/// <param name="Owner">Whose directory it lies in: the only user, beside root, whose keeper may listen there.</param>
/// <param name="IsForeign">That is neither root nor who asks, and is believed only about its own processes.</param>
public sealed record DomainPlace(DomainName Name, string SocketPath, uint Owner, bool IsForeign)
{
    /// <summary>What tells it from domains of the same name that others have: the name, for a foreign one with <c>@UID</c>.</summary>
    public string Label => IsForeign ? FormattableString.Invariant($"{Name}@{Owner}") : Name.Text;
}
