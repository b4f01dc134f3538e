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
    /// <param name="service">A server to start in it; null for none.</param>
    /// <exception cref="IOException">The cache cannot be written.</exception>
    public static GuestImage Prepare(
        GuestTools tools, long sharedBytes, string cacheDirectory, long skippedBytes = 0, GuestService? service = null)
    {
        var files = SharedContent.Choose(sharedBytes, skippedBytes: skippedBytes);
        var family = FormattableString.Invariant(
            $"guest{(service is null ? "" : "-" + service.Name)}{(skippedBytes == 0 ? "" : $"-after{skippedBytes >> 20}")}-{sharedBytes >> 20}mb-");
        var final = System.IO.Path.Combine(cacheDirectory, family + Key(tools, files, service));
        if (!File.Exists(System.IO.Path.Combine(final, ArchiveName)))
        {
            CacheDirectory.Publish(final, family, draft => Build(tools, files, service, draft));
        }

        var digest = File.ReadAllText(System.IO.Path.Combine(final, DigestName));
        return new GuestImage(System.IO.Path.Combine(final, ArchiveName), digest, files.Sum(file => file.Length));
    }

    /// <summary>Names everything that goes in: a change of any gives another name, and so another image.</summary>
    private static string Key(GuestTools tools, IReadOnlyList<SharedFile> files, GuestService? service)
    {
        var busybox = new FileInfo(tools.Busybox);
        var inputs = new StringBuilder(GuestInit.Script)
            .AppendJoin(' ', GuestInit.Applets)
            .Append(CultureInfo.InvariantCulture, $"\n{tools.Busybox} {busybox.Length} {busybox.LastWriteTimeUtc.Ticks}\n")
            .AppendJoin('\n', files)
            .Append(service?.Key);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(inputs.ToString())))[..16];
    }

    private static void Build(GuestTools tools, IReadOnlyList<SharedFile> files, GuestService? service, string directory)
    {
        using (var archive = new FileStream(System.IO.Path.Combine(directory, ArchiveName), FileMode.Create))
        {
            Write(new CpioWriter(archive), tools, files, service);
        }

        File.WriteAllText(System.IO.Path.Combine(directory, DigestName), Digests.Sha256(files));
    }

    private static void Write(CpioWriter archive, GuestTools tools, IReadOnlyList<SharedFile> files, GuestService? service)
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
        if (service is not null)
        {
            Write(archive, service);
        }

        for (var index = 0; index < files.Count; index++)
        {
            // Numbered, because the guest digests them in the order of their names.
            using var file = File.OpenRead(files[index].Path);
            archive.AddFile(FormattableString.Invariant($"shared/{index:D5}"), file, files[index].Length);
        }

        archive.Finish();
    }

    private static void Write(CpioWriter archive, GuestService service)
    {
        archive.AddDirectory(GuestService.Directory);
        foreach (var directory in service.Files.Select(file => System.IO.Path.GetDirectoryName(file.Name)!).Where(name => name.Length > 0).Distinct())
        {
            archive.AddDirectory($"{GuestService.Directory}/{directory}");
        }

        foreach (var (source, name) in service.Files)
        {
            using var file = File.OpenRead(source);
            archive.AddFile($"{GuestService.Directory}/{name}", file, file.Length, isExecutable: true);
        }

        archive.AddScript($"{GuestService.Directory}/start", "#!/bin/sh\n" + service.Script);
    }
}
