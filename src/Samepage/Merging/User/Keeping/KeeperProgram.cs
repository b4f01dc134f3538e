namespace Samepage.Merging.User.Keeping;

/// <summary>A keeper's life, from the lease on its domain to its end.</summary>
public static class KeeperProgram
{
    private const int Nice = 10;

    /// <summary>Keeps a domain until nobody needs it any more, or the token is cancelled.</summary>
    /// <param name="name">The domain.</param>
    /// <param name="options">How.</param>
    /// <param name="ready">Called once members can connect.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>False where another keeper has the domain, and nothing was done.</returns>
    /// <exception cref="Linux.LinuxException">It cannot listen there, or the kernel has no memory or descriptors.</exception>
    public static bool Run(DomainName name, KeeperOptions options, Action ready, CancellationToken cancel)
    {
        using var lease = KeeperLease.TryTake(name);
        if (lease is null)
        {
            return false;
        }

        // The keeper owns the socket from then on, and closes it before the lease removes its path.
        using var keeper = new Keeper(name, lease.Listen(options.AllowedUsers.Count > 0), options);
        using var end = cancel.Register(keeper.End);
        ready();

        // Who waits for the keeper is an engine, which holds up nobody meanwhile.
        Linux.ThreadPriority.SetNice(Nice);
        keeper.Run();
        return true;
    }
}
