using System.Text;
using Samepage.Targets;

namespace Samepage.Policies;

/// <summary>
/// Finds and reads the files of a policy: <c>samepage.toml</c>, then <c>conf.d/*.toml</c> beside it in the order of their
/// names. None of them need exist, except the first where it was named.
/// </summary>
/// <param name="users">Who are users of this machine.</param>
public sealed class PolicyLoader(UserNames users)
{
    /// <summary>The file that is read where none is named.</summary>
    public const string DefaultPath = "/etc/samepage/samepage.toml";

    /// <summary>A policy is pages of text at most; what is larger is another file.</summary>
    private const int FileBytesMax = 1 << 20;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a policy.</summary>
    /// <param name="path">The first file, or null for the default one.</param>
    /// <exception cref="PolicyException">A file is no policy, or the one named does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public Policy Load(string? path)
    {
        var reader = new PolicyReader(users);
        var first = path ?? DefaultPath;
        var policy = Policy.Default;
        if (TryText(first) is { } text)
        {
            policy = reader.Read(policy, first, text);
        }
        else if (path is not null)
        {
            throw new PolicyException(new PolicyPosition(first, 0, 0), "does not exist; name another, or leave --config out");
        }

        foreach (var dropIn in DropIns(first))
        {
            policy = reader.Read(policy, dropIn, Text(dropIn));
        }

        return policy;
    }

    private static IEnumerable<string> DropIns(string first)
    {
        var directory = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(first))!, "conf.d");
        return Directory.Exists(directory)
            ? Directory.EnumerateFiles(directory, "*.toml").Where(file => Path.GetFileName(file)[0] != '.').Order(StringComparer.Ordinal)
            : [];
    }

    /// <summary>Null where the file does not exist. One that may not be looked for is not taken for missing.</summary>
    private static string? TryText(string file)
    {
        try
        {
            return Text(file);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static string Text(string file)
    {
        if (Directory.Exists(file))
        {
            throw new PolicyException(new PolicyPosition(file, 0, 0), "is a directory; name a file");
        }

        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
        var bytes = new byte[FileBytesMax + 1];
        var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (length > FileBytesMax)
        {
            throw new PolicyException(new PolicyPosition(file, 0, 0), "is larger than 1 MiB; a policy is not");
        }

        try
        {
            return s_strict.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            throw new PolicyException(new PolicyPosition(file, 0, 0), "is not UTF-8 text; save it as such");
        }
    }
}
