using Samepage.Governing;

namespace Samepage.Server.Control;

/// <summary>Where a daemon can be asked, and how much may be said.</summary>
/// <remarks>
/// A question is one packet of text: <c>status</c>, <c>health</c>, <c>decisions host</c> or <c>decisions PID</c>. The
/// answer is one packet, <c>ok</c> with a sealed memory file that holds JSON (of <c>health</c> a line of text), or
/// <c>error</c> and why. So nobody waits for a reader: what is answered is the asker's from that moment on.
/// </remarks>
public static class ControlSocket
{
    /// <summary>The socket's name in the daemon's directory.</summary>
    public const string FileName = "control";

    /// <summary>Names another socket for the verbs that ask.</summary>
    public const string Variable = "SAMEPAGE_CONTROL";

    /// <summary>The longest question.</summary>
    public const int QuestionBytesMax = 256;

    /// <summary>The longest error.</summary>
    public const int AnswerBytesMax = 1024;

    /// <summary>No answer is longer.</summary>
    public const long DocumentBytesMax = 16 << 20;

    /// <summary>The socket of the daemon that root runs.</summary>
    public const string SystemPath = "/run/samepage/" + FileName;

    /// <summary>The socket of this user's daemon; null where there is no place for one.</summary>
    public static string? DefaultPath => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named
        ? named
        : ObservationStore.DefaultDirectory() is { } directory ? Path.Combine(directory, FileName) : null;
}
