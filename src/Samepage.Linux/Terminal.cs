using System.Runtime.InteropServices;
using System.Text;
using Samepage.Linux.Interop;

namespace Samepage.Linux;

/// <summary>
/// The terminal as a full screen: the alternate screen without cursor and echo, keys as they are typed. Ctrl-C still
/// sends its signal; Ctrl-Z and Ctrl-\ do nothing, since a stopped or dumped program would leave the terminal so.
/// Disposing puts all of it back, once, whatever was drawn. One thread draws and reads; <see cref="Wake"/> may be
/// called from any.
/// </summary>
public sealed unsafe class Terminal : IDisposable
{
    private const string EnterScreen = "\e[?1049h\e[?25l\e[H\e[2J";
    private const string LeaveScreen = "\e[0m\e[?25h\e[?1049l";
    private const int Input = 0;
    private const int Output = 1;

    /// <summary>How the terminal was found.</summary>
    private readonly Libc.termios _found;

    /// <summary>An eventfd that ends a wait for keys.</summary>
    private readonly int _wake;

    /// <summary>1 from the moment of disposal.</summary>
    private int _isDisposed;

    /// <summary>Takes the terminal over.</summary>
    /// <exception cref="LinuxException">There is none, or it refuses.</exception>
    public Terminal()
    {
        Libc.termios found;
        // SAFETY: the call fills a local of the size that the C library writes (checked by the ABI test).
        if (Libc.tcgetattr(Input, &found) != 0)
        {
            throw LinuxException.Last("tcgetattr");
        }

        _found = found;
        _wake = Libc.eventfd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        if (_wake < 0)
        {
            throw LinuxException.Last("eventfd");
        }

        found.c_lflag &= ~(Libc.ICANON | Libc.ECHO | Libc.IEXTEN);
        found.c_iflag &= ~Libc.IXON;
        found.c_cc[Libc.VMIN] = 0;
        found.c_cc[Libc.VTIME] = 0;
        found.c_cc[Libc.VSUSP] = 0;
        found.c_cc[Libc.VQUIT] = 0;
        // SAFETY: as above, read only.
        if (Libc.tcsetattr(Input, Libc.TCSAFLUSH, &found) != 0)
        {
            throw LinuxException.Last("tcsetattr");
        }

        Write(EnterScreen);
    }

    /// <summary>Whether both standard input and output are a terminal.</summary>
    public static bool IsAvailable => Libc.isatty(Input) == 1 && Libc.isatty(Output) == 1;

    /// <summary>Columns and rows now; 80 by 24 where the terminal does not say.</summary>
    public static (int Columns, int Rows) Size
    {
        get
        {
            Libc.winsize size;
            // SAFETY: the request fills a local of its size.
            return Libc.ioctl(Output, Libc.TIOCGWINSZ, &size) == 0 && size is { ws_col: > 0, ws_row: > 0 }
                ? (size.ws_col, size.ws_row)
                : (80, 24);
        }
    }

    /// <summary>Replaces what is on the screen by lines, which must not be wider than it. Nothing flickers: no clearing first.</summary>
    public void Draw(IReadOnlyList<string> lines)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        var frame = new StringBuilder("\e[H");
        for (var index = 0; index < lines.Count; index++)
        {
            frame.Append(index == 0 ? "" : "\r\n").Append(lines[index]).Append("\e[K");
        }

        Write(frame.Append("\e[0J").ToString());
    }

    /// <summary>Waits for keys, a wake-up or the end of the time, and returns what was typed; usually nothing.</summary>
    /// <exception cref="LinuxException">The terminal has gone: nothing will ever be typed again.</exception>
    public string WaitForKeys(TimeSpan time)
    {
        var files = stackalloc Libc.pollfd[2];
        files[0] = new Libc.pollfd { fd = Input, events = Libc.POLLIN };
        files[1] = new Libc.pollfd { fd = _wake, events = Libc.POLLIN };
        // SAFETY: two entries are on the stack for the call. An interrupted wait is an ended wait.
        if (Libc.poll(files, 2, (int)Math.Clamp(time.TotalMilliseconds, 0, int.MaxValue)) <= 0)
        {
            return "";
        }

        var bytes = stackalloc byte[64];
        // SAFETY: at most 64 bytes go into 64; the eventfd's counter is 8 bytes and only emptied.
        if (files[1].revents != 0)
        {
            _ = Libc.read(_wake, bytes, 8);
        }

        if (files[0].revents == 0)
        {
            return "";
        }

        var got = Libc.read(Input, bytes, 64);
        return got > 0
            ? Encoding.ASCII.GetString(bytes, (int)got)
            : throw new LinuxException("read", Errno.EIO, "the terminal is gone");
    }

    /// <summary>Ends a wait for keys, now or when the next begins.</summary>
    public void Wake()
    {
        ulong one = 1;
        // SAFETY: eight bytes are read from a local. A counter that is full already wakes as well.
        _ = Libc.write(_wake, &one, sizeof(ulong));
    }

    /// <summary>Puts the terminal back as it was found. The wake descriptor stays open: a late signal may still use it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Write(LeaveScreen);
            var found = _found;
            // SAFETY: a copy of what tcgetattr filled.
            _ = Libc.tcsetattr(Input, Libc.TCSAFLUSH, &found);
        }
    }

    private static void Write(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* start = bytes)
        {
            for (var done = 0; done < bytes.Length;)
            {
                // SAFETY: the array is pinned and holds what is left.
                var got = Libc.write(Output, start + done, (nuint)(bytes.Length - done));
                if (got < 0 && (Errno)Marshal.GetLastPInvokeError() != Errno.EINTR)
                {
                    return;
                }

                done += (int)Math.Max(0, got);
            }
        }
    }
}
