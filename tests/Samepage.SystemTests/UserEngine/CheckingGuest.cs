using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Samepage.Scenarios;
using Samepage.Scenarios.Guests;

namespace Samepage.SystemTests.UserEngine;

/// <summary>What a checking guest said last.</summary>
/// <param name="Rounds">Rounds through all its memory.</param>
/// <param name="Mismatches">What was wrong so far.</param>
/// <param name="Files">Files read and summed.</param>
/// <param name="Reads">Direct reads of its disk.</param>
internal sealed record GuestReport(long Rounds, long Mismatches, long Files, long Reads);

/// <summary>
/// A QEMU guest whose only program (Targets/guest_checker.c) checks its memory, its files and its O_DIRECT disk for
/// ever. QEMU opens that disk past the page cache, so that the host's kernel writes into guest memory by itself.
/// </summary>
internal sealed class CheckingGuest : IDisposable
{
    private const int MemoryMegabytes = 256;
    private const int CheckedMegabytes = 96;
    private readonly TargetProgram _qemu;
    private readonly string _directory;
    private readonly long _pageAt;

    /// <summary>Starts one and waits until it is up.</summary>
    /// <param name="number">Which; guests differ in some of their contents.</param>
    /// <param name="asynchronousIo">QEMU's way to read the disk: io_uring, native or threads.</param>
    /// <param name="variables">Arguments of env(1) for QEMU.</param>
    public CheckingGuest(int number, string asynchronousIo, IEnumerable<string> variables)
    {
        var tools = GuestTools.Find(out var missing);
        if (tools is null)
        {
            Assert.Skip("no guests on this machine; missing: " + string.Join(", ", missing));
        }

        // A real disk: a file system in memory refuses to be opened past the page cache, or copies.
        _directory = Directory.CreateDirectory($"/var/tmp/samepage-guest-{Environment.ProcessId}-{number}").FullName;
        CheckingGuestImage.WriteDisk(Disk);
        CheckingGuestImage.WriteArchive(Archive);
        _qemu = TargetProgram.Launch("env", [.. variables, tools.Qemu, .. Arguments(tools.Kernels[0], number, asynchronousIo)]);
        AwaitLine("up ", TimeSpan.FromSeconds(180));
        _pageAt = long.Parse(AwaitLine("page-at ", TimeSpan.FromSeconds(30)), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    /// <summary>QEMU's process.</summary>
    public int Pid => _qemu.Pid;

    /// <summary>Lines in which the guest said what was wrong.</summary>
    public List<string> Complaints { get; } = [];

    /// <summary>The guest's next report.</summary>
    public GuestReport NextReport()
    {
        var words = AwaitLine("checked ", TimeSpan.FromSeconds(120)).Split(' ');
        long Number(int index) => long.Parse(words[index], CultureInfo.InvariantCulture);
        return new GuestReport(Number(0), Number(3), Number(7), Number(9));
    }

    /// <summary>Reads reports until one comes for which something holds.</summary>
    public GuestReport ReportWhere(Predicate<GuestReport> holds, TimeSpan patience)
    {
        var clock = Stopwatch.StartNew();
        GuestReport report;
        do
        {
            report = NextReport();
            Assert.True(clock.Elapsed < patience, $"not in time: {report}; {string.Join('\n', Complaints)}");
        }
        while (!holds(report));
        return report;
    }

    /// <summary>Has the guest change a word behind its checker's back.</summary>
    public void CorruptFromInside() => _qemu.WriteLine("c");

    /// <summary>Turns a bit over in the guest's memory from outside, in a page that the guest never rewrites.</summary>
    public void CorruptFromOutside()
    {
        using var monitor = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        monitor.Connect(new UnixDomainSocketEndPoint(Monitor));
        monitor.Send(Encoding.ASCII.GetBytes($"gpa2hva 0x{_pageAt:x}\n"));
        var said = new StringBuilder();
        var buffer = new byte[4096];
        const string Mark = " is 0x";
        for (var clock = Stopwatch.StartNew(); ;)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"QEMU's monitor said: {said}");
            said.Append(Encoding.ASCII.GetString(buffer, 0, monitor.Receive(buffer)));
            var text = said.ToString();
            var at = text.IndexOf(Mark, StringComparison.Ordinal);
            if (at >= 0 && text.IndexOf('\r', at) is > 0 and var end)
            {
                var address = long.Parse(text.AsSpan(at + Mark.Length, end - at - Mark.Length), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                Merging.ProcessContents.FlipBit(Pid, address + 800);
                return;
            }
        }
    }

    /// <summary>Pages of QEMU that are mapped from memory files: those that were merged and not written since.</summary>
    public long MergedPages()
    {
        var (kilobytes, anonymous, isSegment) = (0L, 0L, false);
        foreach (var line in File.ReadLines($"/proc/{Pid}/smaps"))
        {
            if (line.Length > 0 && char.IsAsciiHexDigitLower(line[0]))
            {
                isSegment = line.Contains("/memfd:", StringComparison.Ordinal) && line.Contains(" rw-p ", StringComparison.Ordinal);
            }
            else if (isSegment && line.StartsWith("Rss:", StringComparison.Ordinal))
            {
                kilobytes += Kilobytes(line);
            }
            else if (isSegment && line.StartsWith("Anonymous:", StringComparison.Ordinal))
            {
                anonymous += Kilobytes(line);
            }
        }

        return (kilobytes - anonymous) / 4;
    }

    /// <summary>Ends the guest and removes its files.</summary>
    public void Dispose()
    {
        _qemu?.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private string Disk => Path.Combine(_directory, "disk");

    private string Archive => Path.Combine(_directory, "initramfs.cpio");

    private string Monitor => Path.Combine(_directory, "monitor");

    private static long Kilobytes(string line) =>
        long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    private string[] Arguments(string kernel, int number, string asynchronousIo) =>
    [
        "-nodefaults", "-no-user-config", "-nographic", "-no-reboot", "-accel", "tcg", "-cpu", "qemu64,+rdrand",
        "-smp", "1", "-m", $"{MemoryMegabytes}M", "-machine", "pc,mem-merge=on",
        "-chardev", "stdio,id=line,signal=off", "-serial", "chardev:line",
        "-chardev", $"socket,id=monitor,path={Monitor},server=on,wait=off", "-mon", "chardev=monitor,mode=readline",
        "-kernel", kernel, "-initrd", Archive,
        "-drive", $"file={Disk},if=none,id=disk,format=raw,cache=none,aio={asynchronousIo}",
        "-device", "nvme,drive=disk,serial=samepage",
        "-append", $"console=ttyS0 quiet panic=-1 CHECK_MB={CheckedMegabytes} CHECK_SEED={number} CHECK_DISK=1",
    ];

    private string AwaitLine(string mark, TimeSpan patience)
    {
        for (var clock = Stopwatch.StartNew(); ;)
        {
            var left = patience - clock.Elapsed;
            var line = _qemu.ReadLine(left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1));
            if (line.Contains("wrong ", StringComparison.Ordinal))
            {
                TestContext.Current.TestOutputHelper?.WriteLine(line);
                Complaints.Add(line);
            }

            Assert.DoesNotContain("failed ", line, StringComparison.Ordinal);

            // Firmware and consoles may write control codes in front, without a line end.
            var at = line.IndexOf(mark, StringComparison.Ordinal);
            if (at >= 0)
            {
                return line[(at + mark.Length)..].Trim();
            }
        }
    }
}

/// <summary>What a checking guest boots into, and its disk.</summary>
internal static class CheckingGuestImage
{
    private const int DiskBlocks = 4096;
    private const int BlockWords = 512;
    private const long FileBytes = 8 << 20;

    /// <summary>Blocks whose words follow from their numbers, as guest_checker.c knows them.</summary>
    public static void WriteDisk(string path)
    {
        using var disk = File.Create(path);
        var block = new ulong[BlockWords];
        for (ulong number = 0; number < DiskBlocks; number++)
        {
            for (ulong i = 0; i < BlockWords; i++)
            {
                block[i] = i == 0 ? number : Mix((number * BlockWords) + i) | 1;
            }

            disk.Write(MemoryMarshal.AsBytes(block.AsSpan()));
        }
    }

    /// <summary>The checker, real files of this machine, and the sums that the checker must come to.</summary>
    public static void WriteArchive(string path)
    {
        using var output = File.Create(path);
        var archive = new CpioWriter(output);
        var sums = new StringBuilder();
        archive.AddDirectory("dev");
        archive.AddDirectory("proc");
        using (var checker = File.OpenRead(TargetProgram.Compile("guest_checker", "-O2 -static -Wextra")))
        {
            archive.AddFile("init", checker, checker.Length, isExecutable: true);
        }

        foreach (var (file, index) in SharedContent.Choose(FileBytes).Select((file, index) => (file, index)))
        {
            var content = new byte[file.Length];
            using (var source = File.OpenRead(file.Path))
            {
                source.ReadExactly(content);
            }

            archive.AddFile($"file{index}", new MemoryStream(content), content.Length);
            sums.Append(CultureInfo.InvariantCulture, $"/file{index} {Sum(content):x}\n");
        }

        var text = Encoding.ASCII.GetBytes(sums.ToString());
        archive.AddFile("sums", new MemoryStream(text), text.Length);
        archive.Finish();
    }

    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    private static ulong Sum(byte[] content)
    {
        var padded = new byte[(content.Length + 7) / 8 * 8];
        content.CopyTo(padded, 0);
        return MemoryMarshal.Cast<byte, ulong>(padded).ToArray()
            .Aggregate(0UL, (sum, word) => ((sum ^ word) * 0x9E3779B97F4A7C15) + 1);
    }
}
