namespace Samepage.Cli.Words;

/// <summary>Writes files that are there as a whole or not at all.</summary>
internal static class WholeFile
{
    /// <summary>Writes a text beside its place and moves it there in one step; directories above are made.</summary>
    /// <exception cref="CommandFailure">It may not be written there.</exception>
    /// <exception cref="IOException">It cannot be.</exception>
    public static void Write(string path, string text)
    {
        var temporary = $"{path}.{Environment.ProcessId}.new";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(temporary, text);
            File.Move(temporary, path, overwrite: true);
        }
        catch (UnauthorizedAccessException)
        {
            throw new CommandFailure(ExitCode.NotPermitted, $"{path}: you may not write there");
        }
        finally
        {
            // Moved already where all went well; a directory that may not be written holds nothing of ours.
            if (File.Exists(temporary))
            {
                File.Delete(temporary);
            }
        }
    }
}
