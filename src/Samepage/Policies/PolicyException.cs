namespace Samepage.Policies;

/// <summary>A policy that cannot be followed. The message is one line: where, what is wrong, and what to write instead.</summary>
/// <param name="position">Where.</param>
/// <param name="problem">What is wrong and what to do.</param>
public sealed class PolicyException(PolicyPosition position, string problem) : Exception($"{position}: {OneLine(problem)}")
{
    /// <summary>Where.</summary>
    public PolicyPosition Position { get; } = position;

    /// <summary>A value that is quoted may hold anything, also what ends a line or moves a cursor.</summary>
    private static string OneLine(string problem) =>
        problem.Any(char.IsControl) ? string.Concat(problem.Select(letter => char.IsControl(letter) ? '?' : letter)) : problem;
}

/// <summary>A place in a policy file; lines and columns count from 1, and 0 means the file as a whole.</summary>
/// <param name="File">The file's path.</param>
/// <param name="Line">The line.</param>
/// <param name="Column">The column.</param>
public sealed record PolicyPosition(string File, int Line, int Column)
{
    /// <summary>As compilers write it.</summary>
    public override string ToString() => Line == 0 ? File : $"{File}:{Line}:{Column}";
}
