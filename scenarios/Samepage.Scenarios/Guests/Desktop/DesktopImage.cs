using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Samepage.Scenarios.Guests.Desktop;

/// <summary>
/// What desktop-like guests boot: an archive whose only program is desktop.c, compiled here, and a disk with real files
/// of this machine, which all of them load. Built once, kept in the cache, and built anew when anything that went in has
/// changed.
/// </summary>
/// <param name="Archive">The initramfs.</param>
/// <param name="Disk">The disk, which is only read.</param>
/// <param name="CommonBytes">How much of it the guests load.</param>
/// <param name="CommonSum">The sum over that, computed from the host's files.</param>
public sealed record DesktopImage(string Archive, string Disk, long CommonBytes, string CommonSum)
{
    /// <summary>The unit in which the guest reads and checks.</summary>
    private const long Block = 1 << 16;
    private const string ArchiveName = "initramfs.cpio", DiskName = "disk", SumName = "common.sum", SourceName = "desktop.c";

    private static readonly string[] s_staticLibraries = ["/usr/lib/x86_64-linux-gnu/libc.a", "/usr/lib64/libc.a", "/usr/lib/libc.a"];
    private static readonly string[] s_compile = ["-O2", "-static", "-s", "-Wall", "-o"];

    /// <summary>How much common data suit a guest: a few hundred megabytes of a gigabyte.</summary>
    public static long CommonBytesFor(long guestBytes) => Math.Clamp(guestBytes * 3 / 10, 16L << 20, 2L << 30) / Block * Block;

    /// <summary>What is missing to build it; empty where nothing is.</summary>
    public static IReadOnlyList<string> Missing() => Executable.Find("cc") is null || !s_staticLibraries.Any(File.Exists)
        ? ["a C compiler with the static C library (packages gcc and libc6-dev)"]
        : [];

    /// <summary>Takes the image from the cache or builds it there. Safe against others who do the same at that time.</summary>
    /// <param name="commonBytes">How much common data; a machine with fewer files gives what it has.</param>
    /// <param name="cacheDirectory">Where to keep it.</param>
    /// <exception cref="ScenarioException">The program could not be compiled.</exception>
    /// <exception cref="IOException">The cache cannot be written.</exception>
    public static DesktopImage Prepare(long commonBytes, string cacheDirectory)
    {
        var files = SharedContent.Choose(commonBytes);
        var family = FormattableString.Invariant($"desktop-{commonBytes >> 20}mb-");
        var final = Path.Combine(cacheDirectory, family + Key(files));
        if (!File.Exists(Path.Combine(final, SumName)))
        {
            CacheDirectory.Publish(final, family, draft =>
            {
                WriteArchive(draft);
                WriteDisk(draft, files);
            });
        }

        var disk = Path.Combine(final, DiskName);
        return new DesktopImage(Path.Combine(final, ArchiveName), disk, new FileInfo(disk).Length, File.ReadAllText(Path.Combine(final, SumName)));
    }

    private static string Source()
    {
        using var stream = typeof(DesktopImage).Assembly.GetManifestResourceStream(SourceName)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static string Key(IReadOnlyList<SharedFile> files)
    {
        var inputs = new StringBuilder(Source()).AppendJoin(' ', s_compile).AppendJoin('\n', files).ToString();
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(inputs)))[..16];
    }

    private static void WriteArchive(string directory)
    {
        var (source, program) = (Path.Combine(directory, SourceName), Path.Combine(directory, "init"));
        File.WriteAllText(source, Source());
        var start = new ProcessStartInfo(Executable.Require("cc"), [.. s_compile, program, source]) { RedirectStandardError = true };
        using (var compiler = Process.Start(start)!)
        {
            var said = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            if (compiler.ExitCode != 0)
            {
                throw new ScenarioException($"the guests' program could not be compiled: {said.Split('\n')[0]}");
            }
        }

        using (var output = new FileStream(Path.Combine(directory, ArchiveName), FileMode.Create))
        using (var init = File.OpenRead(program))
        {
            var archive = new CpioWriter(output);
            archive.AddDirectory("dev");
            archive.AddDirectory("proc");
            archive.AddFile("init", init, init.Length, isExecutable: true);
            archive.Finish();
        }

        File.Delete(program);
        File.Delete(source);
    }

    /// <summary>Each file begins at a page, as it would in a guest's page cache; the end is filled up to a whole block.</summary>
    private static void WriteDisk(string directory, IReadOnlyList<SharedFile> files)
    {
        var sum = new DesktopSum();
        using (var disk = new FileStream(Path.Combine(directory, DiskName), FileMode.Create))
        {
            var buffer = new byte[Block];
            void Put(int length)
            {
                disk.Write(buffer, 0, length);
                sum.Add(buffer.AsSpan(0, length));
            }

            foreach (var file in files)
            {
                using var content = File.OpenRead(file.Path);
                for (var left = file.Length; left > 0;)
                {
                    var wanted = (int)Math.Min(left, buffer.Length);
                    content.ReadExactly(buffer, 0, wanted);
                    left -= wanted;
                    var whole = (wanted + 4095) / 4096 * 4096;
                    Array.Clear(buffer, wanted, whole - wanted);
                    Put(whole);
                }
            }

            Array.Clear(buffer);
            Put((int)(-disk.Length & (Block - 1)));
        }

        File.WriteAllText(Path.Combine(directory, SumName), sum.ToString());
    }
}
