using System.Text.Json;

namespace Samepage.Scenarios.Containers;

/// <summary>
/// What an OCI runtime is told of a container (the runtime specification's config.json): namespaces of its own, no
/// network, no capabilities, nobody as its user, and the image read-only.
/// </summary>
internal static class ContainerBundle
{
    private const int Nobody = 65534;

    private static readonly string[] s_namespaces = ["pid", "network", "ipc", "uts", "mount"];
    private static readonly string[] s_masked = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/sys/firmware"];

    /// <summary>
    /// Waits for a line which only the scenario, still living, can have sent, and becomes the server. The container ends
    /// with whoever runs it: the kernel kills it with its parent.
    /// </summary>
    private static readonly string[] s_start =
        [ContainerImage.Setpriv, "--pdeathsig", "KILL", ContainerImage.Shell, "sh", "-c", "read -r line || exit 125; exec \"$0\" \"$@\""];

    /// <summary>It saves nothing: its data are the image's and what it is given.</summary>
    private static readonly string[] s_server =
    [
        ContainerImage.Server, "--port", "0", "--unixsocket", ContainerImage.SocketDirectory + "/redis.sock", "--unixsocketperm", "777",
        "--dir", "/data", "--save", "", "--appendonly", "no", "--daemonize", "no", "--logfile", "",
    ];

    /// <summary>Writes the bundle.</summary>
    /// <param name="directory">The bundle's.</param>
    /// <param name="name">The container's host name.</param>
    /// <param name="root">The image.</param>
    /// <param name="sockets">The directory of the host where the server's socket appears.</param>
    public static void Write(string directory, string name, string root, string sockets)
    {
        Directory.CreateDirectory(sockets);
        File.SetUnixFileMode(sockets, (UnixFileMode)0b111_111_111);
        using var file = File.Create(Path.Combine(directory, "config.json"));
        using var json = new Utf8JsonWriter(file);
        json.WriteStartObject();
        json.WriteString("ociVersion", "1.0.0");
        json.WriteString("hostname", name);
        WriteProcess(json);
        json.WriteStartObject("root");
        json.WriteString("path", root);
        json.WriteBoolean("readonly", true);
        json.WriteEndObject();
        json.WriteStartArray("mounts");
        WriteMount(json, "/proc", "proc", "proc", "nosuid", "noexec", "nodev");
        WriteMount(json, "/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k");
        WriteMount(json, ContainerImage.SocketDirectory, "bind", sockets, "rbind", "rw");
        json.WriteEndArray();
        WriteKernel(json);
        json.WriteEndObject();
    }

    private static void WriteProcess(Utf8JsonWriter json)
    {
        json.WriteStartObject("process");
        json.WriteBoolean("terminal", false);
        json.WriteStartObject("user");
        json.WriteNumber("uid", Nobody);
        json.WriteNumber("gid", Nobody);
        json.WriteEndObject();
        WriteTexts(json, "args", [.. s_start, .. s_server]);
        WriteTexts(json, "env", ["PATH=/bin"]);
        json.WriteString("cwd", "/");
        json.WriteBoolean("noNewPrivileges", true);
        json.WriteStartObject("capabilities");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteMount(Utf8JsonWriter json, string to, string type, string source, params string[] options)
    {
        json.WriteStartObject();
        json.WriteString("destination", to);
        json.WriteString("type", type);
        json.WriteString("source", source);
        WriteTexts(json, "options", options);
        json.WriteEndObject();
    }

    private static void WriteKernel(Utf8JsonWriter json)
    {
        json.WriteStartObject("linux");
        json.WriteStartArray("namespaces");
        foreach (var kind in s_namespaces)
        {
            json.WriteStartObject();
            json.WriteString("type", kind);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteTexts(json, "maskedPaths", s_masked);
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
