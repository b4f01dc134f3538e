using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Samepage.Linux;
using Samepage.Linux.Proc;

namespace Samepage.Bench.Measuring;

/// <summary>
/// samepage serve as a service manager starts it, which is told by a socket when it is ready. It has directories and a
/// port of its own. Ended when disposed of.
/// </summary>
internal sealed class ServedDaemon : IDisposable
{
    private static readonly TimeSpan s_endPatience = TimeSpan.FromSeconds(30), s_restPatience = TimeSpan.FromMinutes(5);
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 30_000 };
    private readonly StreamWriter _log;
    private readonly string _logPath;
    private readonly Process _process;

    /// <summary>Starts one and waits until it is ready.</summary>
    /// <param name="executable">The native executable.</param>
    /// <param name="directory">For its state, sockets and policy; what a daemon before has left there is taken over.</param>
    /// <param name="logPath">Where its log goes, each line with the seconds since its start.</param>
    /// <param name="policy">The text of its policy.</param>
    /// <param name="options">Further options of serve.</param>
    public ServedDaemon(string executable, string directory, string logPath, string policy = "", params IEnumerable<string> options)
    {
        var (notify, policyFile) = (Path.Combine(directory, "notify"), Path.Combine(directory, "samepage.toml"));
        File.Delete(notify);
        File.WriteAllText(policyFile, policy);
        _manager.Bind(new UnixDomainSocketEndPoint(notify));
        (_logPath, _log) = (logPath, new StreamWriter(logPath) { AutoFlush = true });
        var endpoint = FreeEndpoint();
        Address = new Uri($"http://{endpoint}");
        var start = new ProcessStartInfo(
            executable,
            [
                "serve", "--state", Path.Combine(directory, "state"), "--run", Path.Combine(directory, "run"), "--config", policyFile,
                "--host-proc", PidNamespace.HostProc ?? "/proc", "--listen", endpoint.ToString(), .. options,
            ])
        {
            RedirectStandardError = true,
        };
        start.Environment["NOTIFY_SOCKET"] = notify;
        var clock = Stopwatch.StartNew();
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, line) => _log.WriteLine(FormattableString.Invariant($"{clock.Elapsed.TotalSeconds,8:F2} {line.Data}"));
        _process.BeginErrorReadLine();
        try
        {
            AwaitReady();
        }
        catch
        {
            Dispose();
            throw;
        }

        ReadyMilliseconds = clock.Elapsed.TotalMilliseconds;
    }

    /// <summary>From its start until it said that it is ready.</summary>
    public double ReadyMilliseconds { get; }

    /// <summary>Where it answers.</summary>
    public Uri Address { get; }

    /// <summary>What it has spent, with children that it waited for, in steps of 10 ms; 0 once it is gone.</summary>
    public double CpuSeconds => (ProcessStat.TryRead(new ProcFs(), _process.Id)?.CpuSeconds ?? 0) + CpuTime.OfReapedChildren(_process.Id);

    /// <summary>Its memory now, and the most that it ever had; nothing once it is gone.</summary>
    public (long ResidentBytes, long PeakBytes) Memory
    {
        get
        {
            var status = KeyedText.Parse(KernelFile.TryReadText($"/proc/{_process.Id}/status") ?? "");
            return (status.Bytes("VmRSS") ?? 0, status.Bytes("VmHWM") ?? 0);
        }
    }

    /// <summary>Its number.</summary>
    public int Pid => _process.Id;

    /// <summary>Waits until its governor has nothing left to do.</summary>
    public void AwaitRest()
    {
        using var client = new HttpClient { BaseAddress = Address };
        for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(1000))
        {
            using var status = JsonDocument.Parse(client.GetByteArrayAsync(new Uri("/api/v1/status", UriKind.Relative)).GetAwaiter().GetResult());
            var mode = status.RootElement.GetProperty("governor").GetProperty("mode").GetString();
            if (mode is "resting" or "converged")
            {
                return;
            }

            if (clock.Elapsed > s_restPatience)
            {
                throw new InvalidOperationException($"the governor is still {mode}: see {_logPath}");
            }
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Signals.Send(_process.Id, "TERM");
            if (!_process.WaitForExit(s_endPatience))
            {
                _process.Kill();
            }
        }

        // Also until its log has been read to the end.
        _process.WaitForExit();
        _process.Dispose();
        _manager.Dispose();
        _log.Dispose();
    }

    private static IPEndPoint FreeEndpoint()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return (IPEndPoint)listener.LocalEndpoint;
    }

    private void AwaitReady()
    {
        var buffer = new byte[4096];
        try
        {
            while (!Encoding.UTF8.GetString(buffer, 0, _manager.Receive(buffer)).StartsWith("READY=1", StringComparison.Ordinal))
            {
                // Something else is told.
            }
        }
        catch (SocketException silence)
        {
            throw new InvalidOperationException($"the daemon did not come up: see {_logPath}", silence);
        }
    }
}
