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

    public DomainPoller()
    {
        var thread = new Thread(Run, maxStackSize: 512 << 10) { IsBackground = true, Name = "domains" };
        thread.Start();
    }

    /// <summary>What they last said.</summary>
    public IReadOnlyList<DomainReport> Last => _last;

    public void Dispose() => _end.Set();

    private void Run()
    {
        do
        {
            try
            {
                _last = DomainQuery.AskAll(null);
            }
            catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or Linux.LinuxException)
            {
                // As it was; the next round may know more.
            }
        }
        while (!_end.Wait(s_every));
    }
}
