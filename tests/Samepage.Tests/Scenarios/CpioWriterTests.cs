using System.Diagnostics;
using Samepage.Scenarios.Guests;

namespace Samepage.Tests.Scenarios;

public sealed class CpioWriterTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("samepage-cpio-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Real_cpio_reads_back_names_modes_links_and_bytes()
    {
        if (!File.Exists("/usr/bin/cpio"))
        {
            Assert.Skip("cpio is not installed (package cpio)");
        }

        // Lengths around the padding of four, and an empty file.
        var contents = new[] { 0, 1, 3, 4, 5, 70_001 }.Select(Bytes).ToArray();
        var archive = Path.Combine(_directory.FullName, "archive");
        using (var file = File.Create(archive))
        {
            var writer = new CpioWriter(file);
            writer.AddDirectory("shared");
            writer.AddSymlink("sh", "busybox");
            writer.AddScript("init", "#!/bin/sh\n");
            for (var index = 0; index < contents.Length; index++)
            {
                writer.AddFile($"shared/{index}", new MemoryStream(contents[index]), contents[index].Length);
            }

            writer.Finish();
        }

        var listing = Cpio($"-tv --quiet -F {archive}", "/");
        Assert.Contains("drwxr-xr-x", listing[0], StringComparison.Ordinal);
        Assert.EndsWith("sh -> busybox", listing[1], StringComparison.Ordinal);
        Assert.StartsWith("-rwxr-xr-x", listing[2], StringComparison.Ordinal);
        Assert.Equal(3 + contents.Length, listing.Length);

        var unpacked = _directory.CreateSubdirectory("unpacked").FullName;
        Cpio($"-i --quiet --no-preserve-owner -F {archive}", unpacked);
        for (var index = 0; index < contents.Length; index++)
        {
            Assert.Equal(contents[index], File.ReadAllBytes(Path.Combine(unpacked, "shared", $"{index}")));
        }
    }

    [Fact]
    public void A_stream_that_ends_early_is_refused()
    {
        var writer = new CpioWriter(new MemoryStream());
        Assert.Throws<EndOfStreamException>(() => writer.AddFile("short", new MemoryStream(new byte[9]), 10));
    }

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static string[] Cpio(string arguments, string directory)
    {
        var start = new ProcessStartInfo("/usr/bin/cpio", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory,
        };
        using var cpio = Process.Start(start)!;
        var output = cpio.StandardOutput.ReadToEnd();
        var errors = cpio.StandardError.ReadToEnd();
        cpio.WaitForExit();
        Assert.True(cpio.ExitCode == 0, errors);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
