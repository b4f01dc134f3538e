using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <termios.h> and the window size of <sys/ioctl.h>
internal static unsafe partial class Libc
{
    public const int NCCS = 32;
    public const int VTIME = 5;
    public const int VMIN = 6;
    public const int VQUIT = 1;
    public const int VSUSP = 10;
    public const uint ICANON = 0x2;
    public const uint ECHO = 0x8;
    public const uint IEXTEN = 0x8000;
    public const uint IXON = 0x400;
    public const int TCSANOW = 0;
    public const int TCSAFLUSH = 2;
    public const uint TIOCGWINSZ = 0x5413;

    public struct termios
    {
        public uint c_iflag;
        public uint c_oflag;
        public uint c_cflag;
        public uint c_lflag;
        public byte c_line;
        public fixed byte c_cc[NCCS];
        public uint c_ispeed;
        public uint c_ospeed;
    }

    public struct winsize
    {
        public ushort ws_row;
        public ushort ws_col;
        public ushort ws_xpixel;
        public ushort ws_ypixel;
    }

    [LibraryImport(Library, SetLastError = true)]
    public static partial int tcgetattr(int fd, termios* termios_p);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int tcsetattr(int fd, int optional_actions, termios* termios_p);

    [LibraryImport(Library)]
    public static partial int isatty(int fd);
}
