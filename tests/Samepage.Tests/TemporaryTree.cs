namespace Samepage.Tests;

/// <summary>A made-up /proc, /sys or /dev on disk, removed at the end of the test.</summary>
internal sealed class TemporaryTree : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("samepage-tree-").FullName;

    public string this[string path]
    {
        set
        {
            var file = Path.Combine(Root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, value);
        }
    }

    public string PathOf(string path) => Path.Combine(Root, path);

    public void Remove(string path) => File.Delete(PathOf(path));

    /// <summary>A lock ends with its process, which in a test of a killed one is the test's own: so the file becomes another one.</summary>
    public void EndLocksOn(string path) => Remove(path + "/ksmd.lock");

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
