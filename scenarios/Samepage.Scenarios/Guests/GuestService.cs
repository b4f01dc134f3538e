using System.Diagnostics;
using System.Globalization;

namespace Samepage.Scenarios.Guests;

/// <summary>One file of the host that goes into a guest's file system.</summary>
/// <param name="Source">Where it is here.</param>
/// <param name="Name">Where it goes, below the service's directory.</param>
public sealed record GuestFile(string Source, string Name);

/// <summary>
/// A real server that runs inside a guest and is reached from the host by the emulator's user network: the guest's own
/// work, whose pace shows what merging does to it.
/// </summary>
/// <param name="Name">What it is called.</param>
/// <param name="Port">Where it listens inside the guest.</param>
/// <param name="Files">What it needs of this machine.</param>
/// <param name="Script">Starts it, in the background, with the service's directory as the current one.</param>
public sealed record GuestService(string Name, int Port, IReadOnlyList<GuestFile> Files, string Script)
{
    /// <summary>Where it lies in the guest.</summary>
    internal const string Directory = "service";

    private const int RedisPort = 6379;

    /// <summary>The address that the emulator's user network gives its guest.</summary>
    private const string Network = """
        for module in modules/*; do
            case $module in
            *.xz) busybox xzcat "$module" >module.ko && module=module.ko ;;
            *.gz) busybox zcat "$module" >module.ko && module=module.ko ;;
            esac
            busybox insmod "$module"
        done
        busybox ifconfig lo 127.0.0.1 up
        busybox ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up

        """;

    /// <summary>
    /// Redis out of Debian's package: Debian's server and its checker of dumps are one program, so that redis-tools, which
    /// starts nothing when it is installed, is enough.
    /// </summary>
    /// <param name="kernel">The kernel that the guests boot.</param>
    /// <param name="missing">What is not there, with the package that brings it; null where all is.</param>
    public static GuestService? Redis(string kernel, out string? missing)
    {
        var server = Executable.Find("redis-server") ?? Executable.Find("redis-check-rdb");
        missing = server is null ? "redis-server (package redis-server or redis-tools)" : null;
        if (server is null)
        {
            return null;
        }

        List<GuestFile> files = [new(Final(server), "redis-server")];
        files.AddRange(Libraries(server));
        string[] modules = [.. GuestModules.Find(kernel, "virtio_pci").Concat(GuestModules.Find(kernel, "virtio_net")).Distinct()];
        // Numbered, because the guest takes them in the order of their names.
        files.AddRange(modules.Select((path, at) => new GuestFile(path, FormattableString.Invariant($"modules/{at:D2}-{Path.GetFileName(path)}"))));
        var start = FormattableString.Invariant(
            $"lib/ld.so --library-path lib ./redis-server --port {RedisPort} --bind 0.0.0.0 --protected-mode no --save '' --appendonly no --activedefrag no --dir / >/dev/null &\n");
        return new GuestService("redis", RedisPort, files, Network + start);
    }

    /// <summary>Names what it is made of: a change of anything gives another text.</summary>
    internal string Key => string.Join('\n', Files.Select(file => new FileInfo(file.Source) is var info
        ? string.Create(CultureInfo.InvariantCulture, $"{file} {info.Length} {info.LastWriteTimeUtc.Ticks}")
        : "").Append(Script));

    /// <summary>The libraries of a program, and the loader that finds them there, by the host's own loader.</summary>
    private static IEnumerable<GuestFile> Libraries(string program)
    {
        using var ldd = Process.Start(new ProcessStartInfo(Executable.Require("ldd"), [program]) { RedirectStandardOutput = true })!;
        var lines = ldd.StandardOutput.ReadToEnd().Split('\n');
        ldd.WaitForExit();
        foreach (var words in lines.Select(line => line.Split(' ', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            if (words is [var name, "=>", var path, ..] && path.StartsWith('/'))
            {
                yield return new GuestFile(Final(path), "lib/" + name);
            }
            else if (words is [var loader, ..] && loader.StartsWith('/'))
            {
                yield return new GuestFile(Final(loader), "lib/ld.so");
            }
        }
    }

    /// <summary>The file that a chain of symbolic links ends at.</summary>
    private static string Final(string path) => new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
}
