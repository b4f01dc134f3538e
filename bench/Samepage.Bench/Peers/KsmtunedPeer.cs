using System.Diagnostics;
using System.Globalization;
using Samepage.Bench.Measuring;
using Samepage.Governing;
using Samepage.Linux;
using Samepage.Linux.Proc;

namespace Samepage.Bench.Peers;

/// <summary>
/// ksmtuned, out of its package: installing that would start it. As it comes it counts only guests with "-enable-kvm",
/// and lets ksmd stand still while a fifth of memory is free; here its threshold is all of memory, so that it always
/// works, and goes up to the most that it ever does.
/// </summary>
internal sealed class KsmtunedPeer(SavedSettings settings) : IPeer
{
    private readonly string _pidFile = Path.Combine(Path.GetTempPath(), $"samepage-bench-ksmtuned-{Environment.ProcessId}");
    private int? _pid;

    public string Name => "ksmtuned";

    public double CpuSeconds => _pid is { } pid ? CpuTime.OfProcess(pid) + CpuTime.OfReapedChildren(pid) : 0;

    public long ResidentBytes => _pid is { } pid ? ProcessStatus.TryRead(new ProcFs(), pid)?.ResidentBytes ?? 0 : 0;

    /// <summary>Its script, fetched by apt where it is not installed; null where that cannot be.</summary>
    public static string? Script()
    {
        const string Installed = "/usr/sbin/ksmtuned";
        var directory = Path.Combine(Machine.Root, "artifacts", "ksmtuned");
        var fetched = Path.Combine(directory, Installed[1..]);
        if (File.Exists(Installed) || File.Exists(fetched))
        {
            return File.Exists(Installed) ? Installed : fetched;
        }

        Directory.CreateDirectory(directory);
        var start = new ProcessStartInfo("/bin/sh", ["-c", "apt-get download -qq -o APT::Sandbox::User=root ksmtuned && dpkg --fsys-tarfile ksmtuned_*.deb | tar -x ./usr/sbin/ksmtuned"])
        {
            WorkingDirectory = directory,
        };
        using var fetch = Process.Start(start)!;
        fetch.WaitForExit();
        return File.Exists(fetched) ? fetched : null;
    }

    public void Begin()
    {
        var start = new ProcessStartInfo("bash", [Script() ?? throw new InvalidOperationException("ksmtuned is not to be had from apt")]);
        (start.Environment["KSM_THRES_COEF"], start.Environment["PIDFILE"]) = ("100", _pidFile);
        using var script = Process.Start(start)!;
        script.WaitForExit();
        _pid = int.Parse(File.ReadAllText(_pidFile), CultureInfo.InvariantCulture);
    }

    public void Pause() => Signals.Send(_pid!.Value, "STOP");

    public void Resume() => Signals.Send(_pid!.Value, "CONT");

    public void Dispose()
    {
        if (_pid is { } pid)
        {
            // The loop, and the sleep that it waits for.
            var children = KernelFile.TryReadText($"/proc/{pid}/task/{pid}/children") ?? "";
            foreach (var each in children.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => int.Parse(text, CultureInfo.InvariantCulture)).Prepend(pid))
            {
                using var process = Process.GetProcessById(each);
                process.Kill();
            }
        }

        _pid = null;
        File.Delete(_pidFile);
        settings.Set("run", "0");
    }
}
