using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Samepage.SystemTests.Serving;

/// <summary>
/// The daemon in a pid namespace of its own, where it sees the programs that a test starts beside it and nobody else. It
/// has directories, a port and a service manager of its own.
/// </summary>
internal sealed class ServeProcess : IDisposable
{
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };
    private readonly StringBuilder _log = new();
    private readonly Process _unshare;

    /// <summary>Starts it.</summary>
    /// <param name="directory">The test's own; state, policy and sockets of a daemon before stay there.</param>
    /// <param name="beside">What a shell starts in the background first.</param>
    /// <param name="options">Further options.</param>
    public ServeProcess(string directory, string beside = "", params IEnumerable<string> options)
        : this(directory, Loopback.Free().Port, beside, options)
    {
    }

    /// <summary>The same, at the port of one before.</summary>
    public ServeProcess(string directory, int port, string beside = "", params IEnumerable<string> options)
    {
        Directory = directory;
        Port = port;
        File.Delete(Notify);
        _manager.Bind(new UnixDomainSocketEndPoint(Notify));
        var script = $"{beside} exec \"$0\" serve \"$@\"";
        _unshare = Tool.StartInterruptible(
            "unshare",
            ["-pf", "--kill-child", "--mount-proc", "sh", "-c", script, SamepageCommand.Executable, .. Arguments(), "--listen", $"127.0.0.1:{Port}", .. options],
            new Dictionary<string, string> { ["NOTIFY_SOCKET"] = Notify, ["WATCHDOG_USEC"] = "2000000" });
        _unshare.ErrorDataReceived += (_, line) =>
        {
            lock (_log)
            {
                _log.AppendLine(line.Data);
            }
        };
        _unshare.BeginErrorReadLine();
    }

    public string Directory { get; }

    public int Port { get; }

    public string Control => Path.Combine(Directory, "run", "control");

    public string Config => Path.Combine(Directory, "samepage.toml");

    private string Notify => Path.Combine(Directory, "notify");

    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Its number as seen from here.</summary>
    public int Pid => int.Parse(File.ReadAllText($"/proc/{_unshare.Id}/task/{_unshare.Id}/children").Split(' ')[0], CultureInfo.InvariantCulture);

    public IEnumerable<string> Arguments() =>
        ["--state", Path.Combine(Directory, "state"), "--run", Path.Combine(Directory, "run"), .. File.Exists(Config) ? new[] { "--config", Config } : []];

    /// <summary>The next message to the service manager; signs of life are passed over.</summary>
    public string Expect(string word)
    {
        var buffer = new byte[4096];
        var clock = Stopwatch.StartNew();
        for (var told = ""; ;)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"the service manager was not told {word}: {Log}");
            try
            {
                told = Encoding.UTF8.GetString(buffer, 0, _manager.Receive(buffer));
            }
            catch (SocketException)
            {
                Assert.Fail($"the service manager was not told {word}: {Log}");
            }

            if (told != "WATCHDOG=1" || word == "WATCHDOG=1")
            {
                Assert.StartsWith(word, told, StringComparison.Ordinal);
                return told;
            }
        }
    }

    /// <summary>Waits until something holds.</summary>
    public void Until(Func<bool> holds, string what, int seconds = 20)
    {
        for (var clock = Stopwatch.StartNew(); !holds(); Thread.Sleep(50))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(seconds), $"{what} did not come: {Log}");
        }
    }

    /// <summary>Ends it by a signal, and gives its exit status.</summary>
    public int End(string signal)
    {
        Tool.Signal(Pid, signal);
        Assert.True(_unshare.WaitForExit(TimeSpan.FromSeconds(20)), "it did not end");
        return _unshare.ExitCode;
    }

    /// <summary>A verb that asks this daemon.</summary>
    public (int Status, string Output, string Errors) Ask(params IEnumerable<string> arguments) =>
        Tool.Run("env", [$"SAMEPAGE_CONTROL={Control}", SamepageCommand.Executable, .. arguments]);

    /// <summary>A request by HTTP.</summary>
    public (HttpStatusCode Status, string Text) Get(string path)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        using var answer = client.GetAsync(new Uri($"http://127.0.0.1:{Port}{path}")).GetAwaiter().GetResult();
        return (answer.StatusCode, answer.Content.ReadAsStringAsync().GetAwaiter().GetResult());
    }

    public void Dispose()
    {
        if (!_unshare.HasExited)
        {
            // With its child, by --kill-child.
            _unshare.Kill();
            _unshare.WaitForExit();
        }

        _unshare.Dispose();
        _manager.Dispose();
    }
}
