using Samepage.Linux;
using Samepage.Merging.User;
using Samepage.Merging.User.Keeping;

namespace Samepage.Bench.Measuring;

/// <summary>Asks a domain's keeper what it knows of its members.</summary>
internal static class DomainStatus
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>The domain, or null where it has no keeper, or not yet.</summary>
    public static DomainReport? Read(string domain)
    {
        try
        {
            return DomainQuery.Ask(DomainName.TryParse(domain)!, s_patience);
        }
        catch (LinuxException error) when (error.Errno is Errno.ENOENT or Errno.ECONNREFUSED)
        {
            return null;
        }
    }
}
