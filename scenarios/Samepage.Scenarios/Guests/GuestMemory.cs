using Samepage.Estimating;
using Samepage.Linux.Proc;

namespace Samepage.Scenarios.Guests;

/// <summary>
/// What of a QEMU process is guest's memory, which QEMU offers for merging; its own heap and translations it does not.
/// </summary>
public static class GuestMemory
{
    private const ulong BlockAlignment = 2 << 20;
    private const ulong HeapAlignment = 64 << 20;

    /// <summary>
    /// The mappings of it: QEMU puts large and small pieces of a guest's memory at multiples of 2 MiB. The C library
    /// puts the heaps of threads at multiples of 64 MiB, so that only the largest mapping may lie at one of those.
    /// </summary>
    /// <param name="proc">Where processes are looked up.</param>
    /// <param name="pid">The emulator.</param>
    public static IReadOnlyList<(ulong Start, ulong End)> Mappings(ProcFs proc, int pid)
    {
        List<(ulong Start, ulong End)> writable = [.. MapsLine.Read(proc, pid).Where(line => line.IsPrivateData).Select(line => (line.Start, line.End))];
        var largest = writable.MaxBy(range => range.End - range.Start);
        return [.. writable.Where(range => range == largest
            || (range.Start % BlockAlignment == 0 && range.Start % HeapAlignment != 0))];
    }

    /// <summary>
    /// What merging the guests' memory alone would free: zero pages as counted in it, and of the other savings the part
    /// that the duplicates in it are of all duplicates.
    /// </summary>
    /// <param name="proc">Where processes are looked up.</param>
    /// <param name="estimate">An estimate of emulators that still run.</param>
    public static (long PresentPages, long SavablePages, long ZeroPages) Within(ProcFs proc, Estimate estimate)
    {
        long present = 0, zero = 0, duplicates = 0, duplicatesOfAll = 0;
        foreach (var target in estimate.Targets)
        {
            var mappings = Mappings(proc, target.Pid);
            foreach (var chunk in target.AddressMap)
            {
                duplicatesOfAll += chunk.DuplicatePages;
                if (mappings.Any(mapping => chunk.Address >= mapping.Start && chunk.Address < mapping.End))
                {
                    (present, zero, duplicates) =
                        (present + chunk.PresentPages, zero + chunk.ZeroPages, duplicates + chunk.DuplicatePages);
                }
            }
        }

        var savable = duplicatesOfAll == 0
            ? 0
            : (long)((double)estimate.Totals.SavablePages * duplicates / duplicatesOfAll);
        return (present, savable, zero);
    }
}
