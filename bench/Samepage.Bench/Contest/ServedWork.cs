namespace Samepage.Bench.Contest;

/// <summary>Guests with a server in each, and what it is asked.</summary>
/// <param name="Guests">How many guests.</param>
/// <param name="Megabytes">Memory of each.</param>
/// <param name="RequestsASecond">What each guest's server is asked for.</param>
/// <param name="WritesOfThousand">How many of those requests write.</param>
/// <param name="Keys">The data set of each server, equal in all of them.</param>
/// <param name="ValueBytes">Length of a value.</param>
internal record ServedWork(int Guests, int Megabytes, int RequestsASecond, int WritesOfThousand = 100, int Keys = 4096, int ValueBytes = 1000)
{
    /// <summary>What the guests are, for whoever reads a result.</summary>
    protected string GuestsInWords =>
        $"{Guests} QEMU guests of {Megabytes} MB each, emulated (TCG), from one image: a Debian kernel, busybox, files of the machine that all of them hold, data of their own, and Redis.";

    /// <summary>Likewise, what they are asked.</summary>
    protected string LoadInWords =>
        $"The load comes from a generator on the host: {RequestsASecond} requests a second for each guest over one connection, {WritesOfThousand} of a thousand write, {Keys} keys with values of {ValueBytes} bytes. Requests are due at moments drawn beforehand (a Poisson process with a fixed seed), and a request's time counts from then, also where earlier ones are still waiting. Every value that comes back is checked.";
}
