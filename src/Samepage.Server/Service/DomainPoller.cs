using Samepage.Merging.User;
using Samepage.Merging.User.Keeping;

namespace Samepage.Server.Service;

/// <summary>
/// Asks the keepers of domains every five seconds, on a thread of its own: one that does not answer makes nobody wait
/// but the other keepers. Thread-safe.
/// </summary>
internal sealed class DomainPoller : IDisposable
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(5);
    private readonly ManualResetEventSlim _end = new();
    private volatile IReadOnlyList<DomainReport> _last = [];
    private volatile IReadOnlyDictionary<string, bool> _keepers = new Dictionary<string, bool>();

    public DomainPoller()
    {
        var thread = new Thread(Run, maxStackSize: 512 << 10) { IsBackground = true, Name = "domains" };
        thread.Start();
    }

    /// <summary>What they last said.</summary>
    public IReadOnlyList<DomainReport> Last => _last;

    /// <summary>The keepers by domain, and whether each answers. One that went in order is none any more; one that was killed stays until another takes its place.</summary>
    public IReadOnlyDictionary<string, bool> Keepers => _keepers;

    public void Dispose() => _end.Set();

    /// <summary>Who answered, and who does not and has not cleared its place away.</summary>
    /// <param name="before">As it was known.</param>
    /// <param name="answered">The domains whose keepers answered.</param>
    /// <param name="silent">Those whose keepers are there and did not.</param>
    /// <param name="present">Those with a socket.</param>
    internal static IReadOnlyDictionary<string, bool> Follow(
        IReadOnlyDictionary<string, bool> before, IReadOnlyCollection<string> answered, IReadOnlyCollection<string> silent, IReadOnlyCollection<string> present) =>
        before.Keys.Where(present.Contains).Concat(silent).Concat(answered).Distinct().Order(StringComparer.Ordinal).ToDictionary(name => name, answered.Contains);

    private void Run()
    {
        do
        {
            try
            {
                var silent = new List<string>();
                _last = DomainQuery.AskAll(null, (label, _) => silent.Add(label));
                _keepers = Follow(_keepers, [.. _last.Select(domain => domain.Domain)], silent, [.. DomainName.Present().Select(found => found.Label)]);
            }
            catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or Linux.LinuxException)
            {
                // As it was; the next round may know more.
            }
        }
        while (!_end.Wait(s_every));
    }
}
