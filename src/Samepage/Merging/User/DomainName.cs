using System.Globalization;
using Samepage.Linux;

namespace Samepage.Merging.User;

/// <summary>The name of a domain, and where its keeper's socket lies. The same for keepers, members and verbs.</summary>
/// <remarks>
/// A keeper of root lies in <c>/run/samepage/domains</c>; of another user in <c>$XDG_RUNTIME_DIR/samepage/domains</c>, or
/// where that is not set in <c>/tmp/samepage-UID/domains</c>, which must be the user's own and nobody else's to look into.
/// </remarks>
public sealed class DomainName
{
    /// <summary>Letters of the longest name.</summary>
    public const int LengthMax = 47;

    /// <summary>The domain of those who name none.</summary>
    public const string Default = "default";

    private const string SystemDirectory = "/run/samepage/domains";
    private const string Extension = ".sock";
    private const int ForeignMax = 64;

    private DomainName(string text) => Text = text;

    /// <summary>The name itself.</summary>
    public string Text { get; }

    /// <summary>The directory of the keepers that this user starts.</summary>
    /// <exception cref="IOException">The place for it belongs to somebody else.</exception>
    public static string OwnDirectory => Environment.IsPrivilegedProcess ? SystemDirectory : Path.Combine(RuntimeDirectory(), "domains");

    /// <summary>Where a keeper of this user listens.</summary>
    public string SocketPath => Path.Combine(OwnDirectory, Text + Extension);

    /// <summary>
    /// Where a member looks for a keeper, in this order: one of the system comes first where it lets this user in, and a
    /// connection that it closes unanswered means that it does not.
    /// </summary>
    public IEnumerable<string> SocketPaths => Environment.IsPrivilegedProcess
        ? [SocketPath]
        : TryOwnDirectory() is { } own
        ? [Path.Combine(SystemDirectory, Text + Extension), Path.Combine(own, Text + Extension)]
        : [Path.Combine(SystemDirectory, Text + Extension)];

    /// <summary>Reads a name: 1 to 47 of A-Z, a-z, 0-9, '.', '_' and '-', the first of which is no '.'.</summary>
    /// <returns>Null where the text is no such name.</returns>
    public static DomainName? TryParse(string? text) =>
        text is { Length: > 0 and <= LengthMax } && text[0] != '.' && text.AsSpan().IndexOfAnyExcept(s_letters) < 0
            ? new DomainName(text)
            : null;

    private static readonly System.Buffers.SearchValues<char> s_letters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>
    /// The sockets that lie where this user may look, living or not: its own and the system's; for root, everybody's. Of
    /// another user's at most 64.
    /// </summary>
    public static IReadOnlyList<DomainPlace> Present()
    {
        var found = new List<DomainPlace>();
        foreach (var (directory, owner) in Directories().Distinct())
        {
            // Somebody may have put a link to another's there.
            if (FileHandle.OwnerOfDirectory(directory)?.UserId != owner)
            {
                continue;
            }

            try
            {
                var isForeign = owner != 0 && owner != CurrentUser.Id;
                found.AddRange(Directory.EnumerateFiles(directory, "*" + Extension).Take(isForeign ? ForeignMax : int.MaxValue).Order(StringComparer.Ordinal)
                    .Select(path => (Path: path, Name: TryParse(Path.GetFileNameWithoutExtension(path)))).Where(socket => socket.Name is not null)
                    .Select(socket => new DomainPlace(socket.Name!, socket.Path, owner, isForeign)));
            }
            catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
            {
                // Most often it does not exist: nobody has started a keeper there.
            }
        }

        return found;
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>With who must own each.</summary>
    private static IEnumerable<(string Path, uint Owner)> Directories()
    {
        yield return (SystemDirectory, 0);
        if (!Environment.IsPrivilegedProcess)
        {
            if (TryOwnDirectory() is { } own)
            {
                yield return (own, CurrentUser.Id);
            }

            yield break;
        }

        foreach (var runtime in Subdirectories("/run/user", "*"))
        {
            if (User(Path.GetFileName(runtime)) is { } user)
            {
                yield return (Path.Combine(runtime, "samepage", "domains"), user);
            }
        }

        foreach (var fallback in Subdirectories("/tmp", "samepage-*"))
        {
            // Anybody may make a directory there, so the name must be of its owner.
            if (User(Path.GetFileName(fallback)["samepage-".Length..]) is { } user && FileHandle.OwnerOfDirectory(fallback)?.UserId == user)
            {
                yield return (Path.Combine(fallback, "domains"), user);
            }
        }

        static uint? User(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var user) ? user : null;
    }

    private static string? TryOwnDirectory()
    {
        try
        {
            return OwnDirectory;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string[] Subdirectories(string path, string pattern)
    {
        try
        {
            return Directory.GetDirectories(path, pattern);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string RuntimeDirectory()
    {
        if (Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime && Path.IsPathRooted(runtime))
        {
            return Path.Combine(runtime, "samepage");
        }

        const int OthersMay = 0x3F;
        var user = CurrentUser.Id;
        var fallback = string.Create(CultureInfo.InvariantCulture, $"/tmp/samepage-{user}");
        return FileHandle.OwnerOfDirectory(fallback) is { } owner && (owner.UserId != user || (owner.Mode & OthersMay) != 0)
            ? throw new IOException($"{fallback} is not this user's alone")
            : fallback;
    }
}
