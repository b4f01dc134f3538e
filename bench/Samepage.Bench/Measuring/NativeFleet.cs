namespace Samepage.Bench.Measuring;

/// <summary>Several instances of a C program, ready; ended when disposed of.</summary>
internal sealed class NativeFleet : IDisposable
{
    private readonly List<NativeProgram> _programs = [];

    /// <param name="environment">What each finds in its environment.</param>
    /// <param name="name">Which program.</param>
    /// <param name="count">How many.</param>
    /// <param name="arguments">The arguments of each, by its number from 1.</param>
    public NativeFleet(
        IReadOnlyDictionary<string, string> environment, string name, int count, Func<int, string[]> arguments)
    {
        try
        {
            // Started together, then waited for.
            for (var number = 1; number <= count; number++)
            {
                _programs.Add(NativeProgram.StartIn(environment, name, arguments(number)));
            }

            foreach (var program in _programs)
            {
                _ = program.ReadLine();
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyList<NativeProgram> Programs => _programs;

    public IReadOnlyList<int> Pids => [.. _programs.Select(program => program.Pid)];

    /// <summary>Gives all an order, one after the other, and collects their answers.</summary>
    public IReadOnlyList<string> AskAll(string order) => [.. _programs.Select(program => program.Ask(order))];

    public void Dispose() => _programs.ForEach(program => program.Dispose());
}
