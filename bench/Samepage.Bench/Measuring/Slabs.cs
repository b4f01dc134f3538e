using System.Globalization;
using Samepage.Linux;

namespace Samepage.Bench.Measuring;

/// <summary>
/// Memory of the kernel's slab caches (slabinfo(5), root only). SLUB puts caches of one size together, and then only one
/// of the names is listed: the alias under /sys/kernel/slab says where a cache went.
/// </summary>
internal sealed class Slabs
{
    private const long PageSize = 4096;

    /// <summary>Caches that merging in either engine can make grow.</summary>
    private static readonly string[] s_ofMerging =
    [
        "ksm_rmap_item", "ksm_stable_node", "ksm_mm_slot", "vm_area_struct", "maple_node", "anon_vma", "anon_vma_chain",
        "shmem_inode_cache", "radix_tree_node", "dentry",
    ];

    /// <summary>
    /// Bytes by cache: whole slabs, as that is what leaves the free memory; and bytes of live objects, which no
    /// fragmentation from before can hide.
    /// </summary>
    private readonly Dictionary<string, (long SlabBytes, long ObjectBytes)> _caches;

    private Slabs(Dictionary<string, (long, long)> caches) => _caches = caches;

    /// <summary>Reads them.</summary>
    public static Slabs Read() => Parse(KernelFile.ReadText("/proc/slabinfo"));

    /// <summary>Reads the file's text.</summary>
    public static Slabs Parse(string text)
    {
        var caches = new Dictionary<string, (long, long)>();
        foreach (var line in text.Split('\n').Where(line => line.Contains(": slabdata", StringComparison.Ordinal) && line[0] != '#'))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            long Number(int at) => long.Parse(words[at], CultureInfo.InvariantCulture);
            caches[words[0]] = (Number(Array.IndexOf(words, "slabdata") + 2) * Number(5) * PageSize, Number(1) * Number(3));
        }

        return new Slabs(caches);
    }

    /// <summary>
    /// What the caches of merging have grown by since an earlier reading, each cache once however many names it has.
    /// </summary>
    public IReadOnlyList<SlabGrowth> Since(Slabs before) =>
    [
        .. s_ofMerging.Select(Listed).OfType<string>().Distinct()
            .Select(name => new SlabGrowth(
                name,
                _caches[name].SlabBytes - before._caches.GetValueOrDefault(name).SlabBytes,
                _caches[name].ObjectBytes - before._caches.GetValueOrDefault(name).ObjectBytes)),
    ];

    /// <summary>The name under which slabinfo lists a cache: its own, or that of any with the same alias.</summary>
    private string? Listed(string name)
    {
        if (_caches.ContainsKey(name))
        {
            return name;
        }

        var target = new FileInfo($"/sys/kernel/slab/{name}").LinkTarget;
        return target is null
            ? null
            : _caches.Keys.FirstOrDefault(other => new FileInfo($"/sys/kernel/slab/{other}").LinkTarget == target);
    }
}

/// <summary>How much a cache has grown.</summary>
internal sealed record SlabGrowth(string Cache, long SlabBytes, long ObjectBytes);
