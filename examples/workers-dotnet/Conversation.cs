using System.Diagnostics;
using System.Globalization;

namespace Workers;

/// <summary>What a worker says of itself, in one line.</summary>
internal readonly record struct Line(long Loaded, long Private, long Proportional, long Merged, bool IsIntact)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Loaded} {Private} {Proportional} {Merged} {(IsIntact ? 1 : 0)}");

    public static Line Parse(string text)
    {
        var numbers = text.Split(' ').Select(word => long.Parse(word, CultureInfo.InvariantCulture)).ToArray();
        return new Line(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4] != 0);
    }
}

/// <summary>Workers speak in turn: each prints a line and waits for one.</summary>
internal static class Conversation
{
    /// <summary>Reads a line of each, then lets all go on.</summary>
    public static Line[] Ask(List<Process> workers)
    {
        var lines = workers.Select(worker => Line.Parse(worker.StandardOutput.ReadLine()
            ?? throw new EndOfStreamException("a worker ended too early"))).ToArray();
        workers.ForEach(worker => worker.StandardInput.WriteLine());
        return lines;
    }

    /// <summary>A worker's side of it.</summary>
    public static void Tell(Line line)
    {
        Console.WriteLine(line);
        _ = Console.ReadLine();
    }
}
