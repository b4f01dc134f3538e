using Samepage;

namespace Workers;

/// <summary>One worker: joins the domain, loads the files, and goes on using them while their pages are merged.</summary>
internal static class Worker
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    public static int Run(Settings settings)
    {
        using var domain = MergeDomain.Join(settings.Domain, new MergeDomainOptions
        {
            KeeperPath = settings.Keeper,
            Limits = new MergeLimits(MergePace.Eager),
        });
        var files = Load(settings.Data);
        var before = files.ConvertAll(file => Checksum(file));
        Conversation.Tell(Measure(domain, files, true));
        AwaitMerging(domain, files);
        Conversation.Tell(Measure(domain, files, true));
        Conversation.Tell(Measure(domain, files, files.ConvertAll(file => Checksum(file)).SequenceEqual(before)));
        files.ForEach(file => ((IDisposable)file).Dispose());
        return 0;
    }

    private static List<MergeableMemory> Load(string directory)
    {
        var loaded = new List<MergeableMemory>();
        foreach (var path in Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal))
        {
            using var file = File.OpenRead(path);
            if (file.Length is > 0 and < int.MaxValue)
            {
                var memory = MergeableMemory.Allocate((int)file.Length);
                file.ReadExactly(memory.GetSpan());
                loaded.Add(memory);
            }
        }

        return loaded;
    }

    /// <summary>Until nine pages of ten are merged, or nothing has been for a while.</summary>
    private static void AwaitMerging(MergeDomain domain, List<MergeableMemory> files)
    {
        var pages = files.Sum(file => file.Length / 4096L);
        var end = DateTime.UtcNow + s_patience;
        while (domain.Statistics.MergedPages < pages * 9 / 10 && DateTime.UtcNow < end)
        {
            Thread.Sleep(100);
        }
    }

    private static Line Measure(MergeDomain domain, List<MergeableMemory> files, bool isIntact)
    {
        var ranges = files.ConvertAll(Range);
        var (own, share) = SmapsReader.Read(ranges);
        return new Line(files.Sum(file => (long)file.Length), own, share, domain.Statistics.MergedPages, isIntact);
    }

    private static unsafe (ulong Start, ulong End) Range(MergeableMemory memory)
    {
        using var pin = memory.Pin();
        return ((ulong)pin.Pointer, (ulong)pin.Pointer + (ulong)memory.Length);
    }

    private static int Checksum(MergeableMemory file)
    {
        var hash = new HashCode();
        hash.AddBytes(file.GetSpan());
        return hash.ToHashCode();
    }
}
