namespace Samepage.Bench.Measuring;

/// <summary>Memory that merging takes for itself, the kernel's included.</summary>
internal sealed record Metadata(
    long SlabBytes, long PageTableBytes, long EngineBytes, long KeeperBytes, double BytesAPage, IReadOnlyList<SlabGrowth> Slabs)
{
    /// <summary>
    /// Growth between two moments. Of slabs the live objects count, as half-filled slabs from before hide growth; the
    /// growth in whole slabs stands beside it. Page tables that merging frees count for it.
    /// </summary>
    public static Metadata Between(
        Slabs slabs, HostMemory before, HostMemory after, EngineAccount account, long pages)
    {
        var growth = Measuring.Slabs.Read().Since(slabs);
        var slabBytes = growth.Sum(cache => cache.ObjectBytes);
        var tables = after.PageTableBytes - before.PageTableBytes;
        // ksmd's own account is of the very slabs that are counted already.
        var engine = account.KeeperResidentBytes > 0 ? account.MetadataBytes : 0;
        var total = slabBytes + tables + engine + account.KeeperResidentBytes;
        return new Metadata(slabBytes, tables, engine, account.KeeperResidentBytes, (double)total / pages, growth);
    }
}
