using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Samepage.Scenarios.Guests;

/// <summary>
/// The file system that guests boot into: busybox, an init script, and real files of this machine that all guests then
/// hold in memory. Built once, kept in the cache, and built anew when anything that went in has changed.
/// </summary>
/// <param name="Path">The archive.</param>
/// <param name="SharedDigest">SHA-256 over the common files, computed from the host's files.</param>
/// <param name="SharedBytes">How much they are.</param>
public sealed record GuestImage(string Path, string SharedDigest, long SharedBytes)
{
    private const string ArchiveName = "initramfs.cpio";
    private const string DigestName = "shared.sha256";

    /// <summary>How much common data suit a guest: the archive and its unpacked copy must both fit while it boots.</summary>
    public static long SharedBytesFor(int memoryMegabytes) => Math.Clamp(memoryMegabytes / 6, 16, 160) * (1L << 20);

    /// <summary>Takes the image from the cache or builds it there. Safe against others who do the same at that time.</summary>
    /// <param name="tools">What to build from.</param>
    /// <param name="sharedBytes">How much common data.</param>
    /// <param name="cacheDirectory">Where to keep it.</param>
    /// <param name="skippedBytes">How much of the machine's files to pass over first, for an image with other files.</param>
    /// <exception cref="IOException">The cache cannot be written.</exception>
    public static GuestImage Prepare(GuestTools tools, long sharedBytes, string cacheDirectory, long skippedBytes = 0)
    {
        var files = SharedContent.Choose(sharedBytes, skippedBytes: skippedBytes);
        var family = FormattableString.Invariant(
            $"guest{(skippedBytes == 0 ? "" : $"-after{skippedBytes >> 20}")}-{sharedBytes >> 20}mb-");
        var final = System.IO.Path.Combine(cacheDirectory, family + Key(tools, files));
        if (!File.Exists(System.IO.Path.Combine(final, ArchiveName)))
        {
            Build(tools, files, final);
            RemoveOutdated(cacheDirectory, family, final);
        }

        var digest = File.ReadAllText(System.IO.Path.Combine(final, DigestName));
        return new GuestImage(System.IO.Path.Combine(final, ArchiveName), digest, files.Sum(file => file.Length));
    }

    /// <summary>Names everything that goes in: a change of any gives another name, and so another image.</summary>
    private static string Key(GuestTools tools, IReadOnlyList<SharedFile> files)
    {
        var busybox = new FileInfo(tools.Busybox);
        var inputs = new StringBuilder(GuestInit.Script)
            .AppendJoin(' ', GuestInit.Applets)
            .Append(CultureInfo.InvariantCulture, $"\n{tools.Busybox} {busybox.Length} {busybox.LastWriteTimeUtc.Ticks}\n")
            .AppendJoin('\n', files);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(inputs.ToString())))[..16];
    }

    /// <summary>Writes into a directory beside the final one and renames it: the final one is there whole or not at all.</summary>
    private static void Build(GuestTools tools, IReadOnlyList<SharedFile> files, string final)
    {
        var draft = $"{final}.{Environment.ProcessId}.tmp";
        Directory.CreateDirectory(draft);
        try
        {
            using (var archive = new FileStream(System.IO.Path.Combine(draft, ArchiveName), FileMode.Create))
            {
                Write(new CpioWriter(archive), tools, files);
            }

            File.WriteAllText(System.IO.Path.Combine(draft, DigestName), Digests.Sha256(files));
            Directory.Move(draft, final);
        }
        catch (IOException) when (Directory.Exists(final))
        {
            // Somebody else was faster; what they built is the same.
            Directory.Delete(draft, recursive: true);
        }
        catch
        {
            Directory.Delete(draft, recursive: true);
            throw;
        }
    }

    private static void Write(CpioWriter archive, GuestTools tools, IReadOnlyList<SharedFile> files)
    {
        foreach (var directory in (string[])["bin", "churn", "dev", "proc", "shared", "unique"])
        {
            archive.AddDirectory(directory);
        }

        using (var busybox = File.OpenRead(tools.Busybox))
        {
            archive.AddFile("bin/busybox", busybox, busybox.Length, isExecutable: true);
        }

        foreach (var applet in GuestInit.Applets)
        {
            archive.AddSymlink($"bin/{applet}", "busybox");
        }

        archive.AddScript("init", GuestInit.Script);
        for (var index = 0; index < files.Count; index++)
        {
            // Numbered, because the guest digests them in the order of their names.
            using var file = File.OpenRead(files[index].Path);
            archive.AddFile(FormattableString.Invariant($"shared/{index:D5}"), file, files[index].Length);
        }

        archive.Finish();
    }

    /// <summary>Removes images of the same size that were built from other inputs.</summary>
    private static void RemoveOutdated(string cacheDirectory, string family, string keep)
    {
        foreach (var directory in Directory.EnumerateDirectories(cacheDirectory, family + "*"))
        {
            if (directory != keep && !directory.EndsWith(".tmp", StringComparison.Ordinal))
            {
                Directory.Delete(directory, recursive: true);
            }
        }
    }
}
