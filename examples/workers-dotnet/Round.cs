using System.Diagnostics;

namespace Workers;

/// <summary>Starts the workers, keeps them in step, and gathers what they measured.</summary>
internal static class Round
{
    /// <summary>One round; an argument is passed on to the workers besides our own.</summary>
    public static Line[] Run(int count, params IEnumerable<string> more)
    {
        var workers = Enumerable.Range(0, count).Select(_ => Start([.. more, "--worker"])).ToList();

        // Nobody measures before all have settled, and nobody ends before all have measured.
        Ask(workers);
        Ask(workers);
        var lines = Ask(workers);
        workers.ForEach(worker => worker.WaitForExit());
        return workers.TrueForAll(worker => worker.ExitCode == 0) ? lines : throw new InvalidOperationException("a worker failed");
    }

    /// <summary>A worker's side: says something, and waits to be told to go on.</summary>
    public static void Tell(Line line)
    {
        Console.WriteLine(line);
        _ = Console.ReadLine();
    }

    private static Line[] Ask(List<Process> workers)
    {
        var lines = workers.Select(worker => Line.Parse(worker.StandardOutput.ReadLine()
            ?? throw new EndOfStreamException("a worker ended too early"))).ToArray();
        workers.ForEach(worker => worker.StandardInput.WriteLine());
        return lines;
    }

    private static Process Start(IEnumerable<string> more)
    {
        // Run as "dotnet workers.dll", this process is the dotnet host, which wants to be told what to run.
        var isHosted = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        var arguments = Environment.GetCommandLineArgs().Skip(isHosted ? 0 : 1).Concat(more);
        return Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
    }
}
