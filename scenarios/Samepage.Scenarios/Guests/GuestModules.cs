namespace Samepage.Scenarios.Guests;

/// <summary>Finds the modules of a guest's kernel, which lie where its package put them on this machine.</summary>
internal static class GuestModules
{
    /// <summary>
    /// A module and all that it stands on, in the order in which a kernel takes them. Empty where the kernel's package
    /// lists no such module: it is compiled in then, or the guest will tell.
    /// </summary>
    /// <param name="kernel">The kernel's path, by which its version is known.</param>
    /// <param name="module">The module's name without an ending.</param>
    /// <param name="root">Where the machine's files are; tests replace it.</param>
    public static IReadOnlyList<string> Find(string kernel, string module, string root = "/")
    {
        var name = Path.GetFileName(kernel);
        var version = name == "vmlinuz" ? Path.GetFileName(Path.GetDirectoryName(kernel)!) : name["vmlinuz-".Length..];
        var directory = Path.Combine(root, "lib/modules", version);
        var list = Path.Combine(directory, "modules.dep");
        var line = File.Exists(list) ? File.ReadLines(list).FirstOrDefault(line => IsAbout(line, module)) : null;
        if (line is null)
        {
            return [];
        }

        // "a.ko: b.ko c.ko": a stands on b, which may stand on c, so the last comes first.
        var (first, others) = (line[..line.IndexOf(':')], line[(line.IndexOf(':') + 1)..]);
        return [.. others.Split(' ', StringSplitOptions.RemoveEmptyEntries).Reverse().Append(first)
            .Select(path => Path.Combine(directory, path))];
    }

    private static bool IsAbout(string line, string module) =>
        line.IndexOf(':') is var colon and > 0 && Path.GetFileName(line[..colon]).Split('.')[0] == module;
}
