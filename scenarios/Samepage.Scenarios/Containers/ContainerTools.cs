using System.Diagnostics;

namespace Samepage.Scenarios.Containers;

/// <summary>What of this machine containers are made of.</summary>
/// <param name="Crun">Runs them.</param>
/// <param name="Redis">The server in them.</param>
/// <param name="Busybox">A static busybox: their shell.</param>
/// <param name="Setpriv">Ties each to the life of whoever started it.</param>
public sealed record ContainerTools(string Crun, string Redis, string Busybox, string Setpriv)
{
    /// <summary>Looks for the tools.</summary>
    /// <param name="missing">What is not there, each with the Debian package that brings it; empty where all is.</param>
    /// <returns>The tools, or null where something is missing.</returns>
    public static ContainerTools? Find(out IReadOnlyList<string> missing)
    {
        var absent = new List<string>();
        string? Need(string? found, string what)
        {
            if (found is null)
            {
                absent.Add(what);
            }

            return found;
        }

        var crun = Need(Executable.Find("crun"), "crun (package crun)");
        var redis = Need(FindRedis(), "redis-server (package redis-tools, which holds the program and starts no service)");
        var busybox = Need(
            Executable.Find("busybox") is { } shell && Guests.StaticElf.Is(shell) ? shell : null, "a static busybox (package busybox-static)");
        var setpriv = Need(Executable.Find("setpriv"), "setpriv (package util-linux)");
        Need(Executable.Find("ldd"), "ldd (package libc-bin)");
        Need(Executable.Find("unshare"), "unshare (package util-linux)");
        Need(OwnedProcess.CanBeOwned ? "" : null, "setsid (package util-linux)");
        missing = absent;
        return absent.Count == 0 ? new ContainerTools(crun!, redis!, busybox!, setpriv!) : null;
    }

    /// <summary>The libraries that a program of this machine is linked with, and its loader.</summary>
    /// <exception cref="ScenarioException">One is missing.</exception>
    public static IReadOnlyList<string> Libraries(string program)
    {
        using var ldd = Process.Start(new ProcessStartInfo(Executable.Require("ldd"), [program]) { RedirectStandardOutput = true })!;
        var lines = ldd.StandardOutput.ReadToEnd().Split('\n');
        ldd.WaitForExit();
        return lines.FirstOrDefault(line => line.Contains("not found", StringComparison.Ordinal)) is { } lost
            ? throw new ScenarioException($"{program} lacks a library: {lost.Trim()}")
            : [.. lines.SelectMany(line => line.Split(' ', '\t')).Where(word => word.StartsWith('/')).Distinct()];
    }

    /// <summary>The checker of dumps is the server under another name: it acts by the name that it is called by.</summary>
    private static string? FindRedis() => Executable.Find("redis-server") ?? Executable.Find("redis-check-rdb");
}
