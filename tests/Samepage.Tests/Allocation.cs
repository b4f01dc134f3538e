namespace Samepage.Tests;

/// <summary>What a piece of code takes from the managed heap.</summary>
internal static class Allocation
{
    private const int Tries = 5;

    /// <summary>
    /// The least that several runs took on this thread. The runtime's own business (a method compiled anew while it runs,
    /// a type made ready) takes some once in a while; what the code itself allocates, it allocates each time.
    /// </summary>
    public static long LeastBytes(Action action)
    {
        var least = long.MaxValue;
        for (var i = 0; i < Tries && least > 0; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
