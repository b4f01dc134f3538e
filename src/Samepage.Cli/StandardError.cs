namespace Samepage.Cli;

/// <summary>Where the command says what is not its result.</summary>
internal static class StandardError
{
    /// <summary>
    /// Prints one line. Where it cannot be printed (a full disk, a closed terminal) the work goes on without: the exit
    /// status still tells.
    /// </summary>
    public static void Tell(string message)
    {
        try
        {
            Console.Error.WriteLine($"samepage: {message.ReplaceLineEndings(" ")}");
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            // There is nobody left to tell.
        }
    }
}
