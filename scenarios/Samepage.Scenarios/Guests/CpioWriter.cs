using System.Globalization;
using System.Text;

namespace Samepage.Scenarios.Guests;

/// <summary>
/// Writes a cpio archive in the "newc" form, which the kernel unpacks at boot (initramfs buffer format, kernel
/// documentation): for each entry a header of 13 hexadecimal numbers, the name and the data, each filled up to 4 bytes.
/// Owners are root and times zero, so that equal inputs give equal archives.
/// </summary>
/// <param name="output">Where the archive goes; left open.</param>
internal sealed class CpioWriter(Stream output)
{
    private const int DirectoryMode = 0x4000 | 0x1ED;
    private const int ExecutableMode = 0x8000 | 0x1ED;
    private const int FileMode = 0x8000 | 0x1A4;
    private const int SymlinkMode = 0xA000 | 0x1FF;

    private int _inode;
    private long _written;

    /// <summary>Adds a directory. Parents come before their children.</summary>
    public void AddDirectory(string name) => AddBytes(name, DirectoryMode, []);

    /// <summary>Adds a symbolic link.</summary>
    public void AddSymlink(string name, string target) => AddBytes(name, SymlinkMode, Encoding.UTF8.GetBytes(target));

    /// <summary>Adds a text that can be executed.</summary>
    public void AddScript(string name, string text) => AddBytes(name, ExecutableMode, Encoding.UTF8.GetBytes(text));

    /// <summary>Adds so many bytes of a stream as a file.</summary>
    /// <exception cref="EndOfStreamException">The stream is shorter.</exception>
    public void AddFile(string name, Stream data, long length, bool isExecutable = false)
    {
        WriteHeader(name, isExecutable ? ExecutableMode : FileMode, length);
        var buffer = new byte[1 << 16];
        for (var left = length; left > 0;)
        {
            var wanted = (int)Math.Min(left, buffer.Length);
            data.ReadExactly(buffer, 0, wanted);
            Write(buffer.AsSpan(0, wanted));
            left -= wanted;
        }

        Pad();
    }

    /// <summary>Writes the entry that ends the archive.</summary>
    public void Finish() => AddBytes("TRAILER!!!", 0, []);

    private void AddBytes(string name, int mode, ReadOnlySpan<byte> data)
    {
        WriteHeader(name, mode, data.Length);
        Write(data);
        Pad();
    }

    private void WriteHeader(string name, int mode, long length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, uint.MaxValue);
        var bytes = Encoding.UTF8.GetBytes(name);
        var links = mode >> 12 == 4 ? 2 : 1;
        long[] fields = [++_inode, mode, 0, 0, links, 0, length, 0, 0, 0, 0, bytes.Length + 1, 0];
        var header = new StringBuilder("070701");
        foreach (var field in fields)
        {
            header.Append(field.ToString("X8", CultureInfo.InvariantCulture));
        }

        Write(Encoding.ASCII.GetBytes(header.ToString()));
        Write(bytes);
        Write([0]);
        Pad();
    }

    private void Pad()
    {
        var missing = (int)(-_written & 3);
        Write(new byte[missing]);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        _written += bytes.Length;
    }
}
