namespace Samepage.SystemTests.Scenarios;

/// <summary>A state directory of one test, with a short name: sockets lie in it.</summary>
internal sealed class TemporaryState : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("sp-").FullName;

    /// <summary>Settings that were put back take the empty directory with them.</summary>
    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
