using System.Globalization;

namespace Samepage.Bench.Contest;

/// <summary>The generator of load, a program of its own (Native/load.c), and its orders.</summary>
internal sealed class LoadGenerator : IDisposable
{
    private readonly NativeProgram _program;

    /// <summary>Connects to all servers.</summary>
    /// <param name="work">How much to ask of them.</param>
    /// <param name="ports">Where they are on this machine.</param>
    public LoadGenerator(ServedWork work, IEnumerable<int> ports)
    {
        int[] numbers = [work.RequestsASecond, work.WritesOfThousand, work.Keys, work.ValueBytes, .. ports];
        _program = NativeProgram.Start("load", [.. numbers.Select(number => number.ToString(CultureInfo.InvariantCulture))]);
        Expect("ready", _program.ReadLine());
    }

    /// <summary>Gives every server its data set.</summary>
    public void Fill() => Order("fill", "filled");

    /// <summary>Begins to ask at the pace that was given.</summary>
    public void Pace() => Order("pace", "paced");

    /// <summary>Asks nothing more, and waits for what is under way.</summary>
    public void Hold() => Order("hold", "held");

    /// <summary>What came since the last time.</summary>
    public LoadLap Lap() => LoadLap.Parse(_program.Ask("lap"));

    /// <summary>Forgets what came so far and measures for a while.</summary>
    public LoadLap Over(double seconds)
    {
        _ = Lap();
        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        return Lap();
    }

    /// <summary>Asks as fast as the servers answer, four requests at a time for each.</summary>
    public LoadLap Flat(double seconds)
    {
        _ = Lap();
        Order("flat " + seconds.ToString(CultureInfo.InvariantCulture), "flat");
        return Lap();
    }

    public void Dispose() => _program.Dispose();

    private void Order(string order, string answer) => Expect(answer, _program.Ask(order));

    private static void Expect(string wanted, string said)
    {
        if (!said.StartsWith(wanted, StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"the load generator said '{said}', not '{wanted}'");
        }
    }
}
