using System.Globalization;
using System.Text;
using Samepage.Linux;
using Samepage.Server.Loop;

namespace Samepage.Server.Service;

/// <summary>
/// Writes lines to standard error. Where that is the journal's (JOURNAL_STREAM names its device and inode), each line
/// begins with its priority as sd-daemon(3) has it; elsewhere with the program's name. Thread-safe.
/// </summary>
public sealed class ServiceLog
{
    private readonly Lock _lock = new();
    private readonly Stream _stream;
    private readonly bool _isJournal;

    /// <summary>Writes to a stream.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="isJournal">Whether the journal reads it.</param>
    public ServiceLog(Stream stream, bool isJournal) => (_stream, _isJournal) = (stream, isJournal);

    /// <summary>Standard error.</summary>
    public static ServiceLog StandardError() => new(Console.OpenStandardError(), IsJournal(Environment.GetEnvironmentVariable("JOURNAL_STREAM")));

    /// <summary>Writes one line, whole. Where it cannot be written the work goes on without.</summary>
    public void Write(LogLevel level, string line)
    {
        var bytes = Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"{(_isJournal ? $"<{(int)level}>" : "samepage: ")}{Printable(line)}\n"));
        lock (_lock)
        {
            try
            {
                _stream.Write(bytes);
            }
            catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
            {
                // There is nobody left to tell.
            }
        }
    }

    private static bool IsJournal(string? variable)
    {
        try
        {
            var identity = FileHandle.IdentityOf(2);
            return variable == FormattableString.Invariant($"{identity.Device}:{identity.Inode}");
        }
        catch (LinuxException)
        {
            return false;
        }
    }

    /// <summary>Names of processes may hold anything; a line is one line, and no terminal obeys it.</summary>
    private static string Printable(string line) => line.Any(char.IsControl)
        ? string.Concat(line.Select(letter => char.IsControl(letter) ? '?' : letter))
        : line;
}
