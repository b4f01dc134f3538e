using Samepage;

namespace Workers;

/// <summary>One worker: joins the domain, loads the files, and goes on using them while their pages are merged.</summary>
internal static class Worker
{
    private const int PageBytes = 4096;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    public static int Run(Settings settings)
    {
        using var domain = settings.IsPlain ? null : MergeDomain.Join(settings.Domain, new MergeDomainOptions
        {
            KeeperPath = settings.Keeper,
            Limits = new MergeLimits(MergePace.Eager),
        });
        var files = Load(settings);
        var before = files.ConvertAll(Checksum);
        AwaitMerging(domain, files);
        Round.Tell(Measure(domain, files, before));
        Round.Tell(Measure(domain, files, before));
        Round.Tell(Measure(domain, files, before));
        return 0;
    }

    /// <summary>Each file into memory of its own: with merging into memory that is offered for it.</summary>
    private static List<Memory<byte>> Load(Settings settings)
    {
        var loaded = new List<Memory<byte>>();
        foreach (var path in Directory.EnumerateFiles(settings.Data).Order(StringComparer.Ordinal))
        {
            using var file = File.OpenRead(path);
            if (file.Length is > 0 and < int.MaxValue)
            {
                var length = (int)file.Length;
                var memory = settings.IsPlain ? new byte[length] : MergeableMemory.Allocate(length).Memory;
                file.ReadExactly(memory.Span);
                loaded.Add(memory);
            }
        }

        return loaded;
    }

    /// <summary>Until nine pages of ten are merged, or patience ends.</summary>
    private static void AwaitMerging(MergeDomain? domain, List<Memory<byte>> files)
    {
        var pages = files.Sum(file => file.Length / PageBytes);
        var end = DateTime.UtcNow + s_patience;
        while (domain is not null && domain.Statistics.MergedPages < pages * 9L / 10 && DateTime.UtcNow < end)
        {
            Thread.Sleep(100);
        }
    }

    private static Line Measure(MergeDomain? domain, List<Memory<byte>> files, List<int> before) => new(
        files.Sum(file => (long)file.Length), SmapsReader.Share(), domain?.Statistics.MergedPages ?? 0,
        files.ConvertAll(Checksum).SequenceEqual(before));

    private static int Checksum(Memory<byte> file)
    {
        var hash = new HashCode();
        hash.AddBytes(file.Span);
        return hash.ToHashCode();
    }
}
