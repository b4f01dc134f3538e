using System.Globalization;
using System.Text;

namespace Samepage.SystemTests.Docs;

/// <summary>
/// A place where the commands of a page may do what they say: processes, mounts and directories of their own, in which
/// three programs called qemu-system-x86 (4711 to 4713) hold pages in common. Policy and sockets are empty at first, the
/// state is the history that a daemon has kept of the last hour, and all is gone afterwards. ksmd's settings are a copy, of which ksmd knows nothing, unless the page says that it changes them
/// and the test holds the lease.
/// </summary>
internal static class DocumentHost
{
    private const int FirstPid = 4711, Programs = 3;

    private static readonly string[] s_directories = ["/etc/samepage", "/var/lib/samepage", "/run/samepage"];

    /// <summary>Runs commands one after the other in one shell, up to the first that does not end as it should.</summary>
    /// <returns>Empty where all did; else which one, and what it said.</returns>
    public static string Run(IEnumerable<(int Line, string Text, int Status)> commands, bool mayChangeKsmd)
    {
        var work = Directory.CreateTempSubdirectory("samepage-doc-").FullName;
        var made = s_directories.Where(directory => !Directory.Exists(directory)).ToList();
        try
        {
            made.ForEach(directory => Directory.CreateDirectory(directory));
            MadeUpHistory.Write(Path.Combine(work, "history.db"), Enumerable.Range(FirstPid, Programs));
            File.WriteAllText(Path.Combine(work, "run"), Script(work, commands, mayChangeKsmd));
            var (status, output, errors) = Tool.Run(
                "timeout", ["-k", "5", "120", "unshare", "-pfm", "--kill-child", "--mount-proc", "bash", Path.Combine(work, "run")],
                new Dictionary<string, string> { ["PATH"] = $"{Path.GetDirectoryName(SamepageCommand.Executable)}:{Environment.GetEnvironmentVariable("PATH")}", ["COLUMNS"] = "100" });
            return status == 0 ? "" : $"status {status}\n{output}\n{errors}";
        }
        finally
        {
            Directory.Delete(work, recursive: true);
            made.ForEach(directory => Directory.Delete(directory));
        }
    }

    private static string Script(string work, IEnumerable<(int Line, string Text, int Status)> commands, bool mayChangeKsmd)
    {
        var script = new StringBuilder("set -e\n");
        foreach (var directory in s_directories)
        {
            script.Append(CultureInfo.InvariantCulture, $"mount -t tmpfs -o size=16m tmpfs {directory}\n");
        }

        script.Append(CultureInfo.InvariantCulture, $"cp {work}/history.db* /var/lib/samepage\n");
        if (!mayChangeKsmd)
        {
            script.Append(CultureInfo.InvariantCulture, $"if [ -d /sys/kernel/mm/ksm ]; then mkdir {work}/ksm; cp /sys/kernel/mm/ksm/* {work}/ksm; echo 0 >{work}/ksm/run; mount --bind {work}/ksm /sys/kernel/mm/ksm; fi\n");
        }

        var holder = TargetProgram.Compile("holder");
        script.Append(CultureInfo.InvariantCulture, $"mkdir {work}/work; cp {holder} {work}/qemu-system-x86\n");
        for (var pid = FirstPid; pid < FirstPid + Programs; pid++)
        {
            script.Append(CultureInfo.InvariantCulture, $"mkfifo {work}/{pid}; exec {{to}}<>{work}/{pid}; echo fill 7 >&$to\necho {pid - 1} >/proc/sys/kernel/ns_last_pid\n")
                .Append(CultureInfo.InvariantCulture, $"{work}/qemu-system-x86 none 3000 1000 <&$to >{work}/{pid}.out & disown\n")
                .Append(CultureInfo.InvariantCulture, $"until grep -q filled {work}/{pid}.out; do kill -0 {pid}; sleep 0.05; done\n");
        }

        script.Append(CultureInfo.InvariantCulture, $"cd {work}/work\nset +e\n");
        foreach (var (line, text, status) in commands)
        {
            script.Append(CultureInfo.InvariantCulture, $"echo '== line {line}'; echo '== line {line}' >&2\n{text}\ns=$?\n")
                .Append(CultureInfo.InvariantCulture, $"[ $s -eq {status} ] || {{ echo \"line {line} ended with $s, not {status}\"; exit 99; }}\n");
        }

        return script.Append("exit 0\n").ToString();
    }
}
