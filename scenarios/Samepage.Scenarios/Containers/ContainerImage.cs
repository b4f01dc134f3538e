namespace Samepage.Scenarios.Containers;

/// <summary>
/// The image of all containers of a scenario: a tree with a Redis server of this machine's Debian packages, the libraries
/// that it is linked with, and the data that it loads when it starts. Containers see it read-only.
/// </summary>
/// <param name="Root">The tree.</param>
/// <param name="Keys">The keys of the common data, in order.</param>
/// <param name="SharedDigest">SHA-256 over their values.</param>
/// <param name="DataBytes">How much data that is.</param>
public sealed record ContainerImage(string Root, IReadOnlyList<string> Keys, string SharedDigest, long DataBytes)
{
    /// <summary>
    /// Bytes of a value: with its header and its end it fills two pages, so that values of one server lie in pages like
    /// those of the next, wherever they are in its memory. A cache of rendered pages or tiles is like that.
    /// </summary>
    public const int ValueLength = 8192 - 6;

    /// <summary>The server's name in the image.</summary>
    internal const string Server = "/bin/redis-server", Shell = "/bin/busybox", Setpriv = "/bin/setpriv";

    /// <summary>Where a container's socket directory goes.</summary>
    internal const string SocketDirectory = "/run/redis";

    private const UnixFileMode Program = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Builds it.</summary>
    /// <param name="tools">What of the machine goes in.</param>
    /// <param name="root">An empty directory.</param>
    /// <param name="files">The common data.</param>
    /// <exception cref="ScenarioException">A program lacks a library.</exception>
    public static ContainerImage Build(ContainerTools tools, string root, IReadOnlyList<SharedFile> files)
    {
        foreach (var directory in (string[])["proc", "dev", "tmp", "data", "etc", SocketDirectory[1..]])
        {
            MakeDirectory(Path.Combine(root, directory), root);
        }

        Add(tools.Redis, root, Server);
        Add(tools.Busybox, root, Shell);
        Add(tools.Setpriv, root, Setpriv);
        foreach (var library in ((string[])[tools.Redis, tools.Setpriv]).SelectMany(ContainerTools.Libraries).Distinct())
        {
            Add(library, root, library);
        }

        var keys = new List<string>();
        RedisDump.Write(Path.Combine(root, "data/dump.rdb"), files.SelectMany(Values).Select(value =>
        {
            keys.Add(FormattableString.Invariant($"common:{keys.Count}"));
            return (keys[^1], value);
        }));
        File.SetUnixFileMode(Path.Combine(root, "data/dump.rdb"), Program);
        return new ContainerImage(root, keys, Digests.Sha256(files), files.Sum(file => file.Length));
    }

    /// <summary>Copies what a link leads to; the loader and libraries keep the names that programs know them by.</summary>
    private static void Add(string file, string root, string name)
    {
        var to = Path.Combine(root, name[1..]);
        MakeDirectory(Path.GetDirectoryName(to)!, root);
        var from = File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file;
        File.Copy(from, to, overwrite: true);
        File.SetUnixFileMode(to, Program);
    }

    /// <summary>Whoever runs in a container is nobody, and the run's directory is root's: the tree itself must be open.</summary>
    private static void MakeDirectory(string directory, string root)
    {
        for (var each = directory; each.StartsWith(root, StringComparison.Ordinal); each = Path.GetDirectoryName(each)!)
        {
            Directory.CreateDirectory(each);
            File.SetUnixFileMode(each, Program);
        }
    }

    private static IEnumerable<byte[]> Values(SharedFile file)
    {
        using var stream = File.OpenRead(file.Path);
        for (var left = file.Length; left > 0;)
        {
            var value = new byte[(int)Math.Min(left, ValueLength)];
            stream.ReadExactly(value);
            left -= value.Length;
            yield return value;
        }
    }
}
