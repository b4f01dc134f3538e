using System.Globalization;

namespace Samepage.SystemTests;

/// <summary>Programs that hold memory in named layouts (Targets/layouts.c) and stand still until they are disposed of.</summary>
internal sealed class LayoutPrograms : IDisposable
{
    private readonly List<TargetProgram> _programs = [];

    /// <summary>Starts one.</summary>
    /// <returns>Its number, then those of its children.</returns>
    public List<int> Start(params IEnumerable<string> layouts)
    {
        // Without restartable sequences, or the kernel writes the CPU's number into a page whenever the program moves.
        var program = TargetProgram.Launch("env", ["GLIBC_TUNABLES=glibc.pthread.rseq=0", TargetProgram.Compile("layouts"), .. layouts]);
        _programs.Add(program);
        var pids = new List<int> { program.Pid };
        for (var line = program.ReadLine(); line != "ready"; line = program.ReadLine())
        {
            pids.Add(int.Parse(line["child ".Length..], CultureInfo.InvariantCulture));
        }

        return pids;
    }

    public void Dispose() => _programs.ForEach(program => program.Dispose());
}
