using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Samepage.Linux.Proc;

namespace Samepage.Scenarios.Containers;

/// <summary>
/// A container with a Redis server in it, which holds the image's data and some that only it was given. What it holds is
/// read back through the server itself.
/// </summary>
/// <param name="tools">What runs it.</param>
/// <param name="number">Which one of its scenario, from 1.</param>
/// <param name="image">What it is a container of.</param>
/// <param name="directory">For its bundle and its socket.</param>
/// <param name="uniqueBytes">How much random data only it is given.</param>
public sealed class Container(ContainerTools tools, int number, ContainerImage image, string directory, long uniqueBytes)
    : ScenarioProgram(image.SharedDigest)
{
    /// <summary>A version 2 hierarchy beside version 1 confuses the runtime, which needs none: out of sight with it, here only.</summary>
    private const string Run = "umount /sys/fs/cgroup/unified 2>/dev/null; exec \"$0\" \"$@\"";

    /// <summary>Values asked for at once.</summary>
    private const int BatchLength = 64;

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_endPatience = TimeSpan.FromSeconds(5);

    private readonly ProcFs _proc = new();
    private readonly List<string> _ownKeys = [];
    private RedisClient? _client;
    private ProcessStat? _server;

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"container {number}: Redis, {image.DataBytes >> 20} MB");

    /// <summary>The server's process, as the host sees it.</summary>
    public override IReadOnlyList<int> Pids => [_server?.Pid ?? Pid];

    /// <summary>The server returns memory to the kernel in its own time.</summary>
    public override bool IsRestless => true;

    /// <inheritdoc/>
    internal override TimeSpan Patience => TimeSpan.FromSeconds(60);

    private RedisClient Client => _client ?? throw new ScenarioException($"{Description} is not running");

    private string PidFile => Path.Combine(directory, "pid");

    private string SocketDirectory => Path.Combine(directory, "socket");

    /// <inheritdoc/>
    public override void Corrupt(ContentPart part, long offset, CancellationToken cancel)
    {
        var key = part == ContentPart.Shared ? image.Keys[0] : _ownKeys[0];
        var at = (offset % 4096).ToString(CultureInfo.InvariantCulture);
        var value = Client.Ask("GETRANGE", key, at, at)[0]!;
        Client.Ask(Encoding.ASCII.GetBytes("SETRANGE"), Encoding.ASCII.GetBytes(key), Encoding.ASCII.GetBytes(at), [(byte)(value[0] ^ 255)]);
    }

    /// <summary>No control group is made: a run that is killed could not remove it.</summary>
    private protected override OwnedProcess Launch()
    {
        ContainerBundle.Write(directory, FormattableString.Invariant($"redis-{number}"), image.Root, SocketDirectory);
        return OwnedProcess.Start(
            Description, Executable.Require("unshare"),
            [
                "--mount", "/bin/sh", "-c", Run, tools.Crun, "--root", Path.Combine(directory, "state"), "--cgroup-manager=disabled", "run",
                "--bundle", directory, "--pid-file", PidFile, FormattableString.Invariant($"samepage-{Environment.ProcessId}-{number}"),
            ],
            new Dictionary<string, string>());
    }

    private protected override string Rise(OwnedProcess process, CancellationToken cancel)
    {
        process.Send("go");
        var waited = Stopwatch.StartNew();
        while (!IsServing())
        {
            cancel.ThrowIfCancellationRequested();
            if (process.HasExited || waited.Elapsed > Patience)
            {
                // Says what it heard last.
                process.Await("samepage-never", TimeSpan.Zero, cancel);
            }

            cancel.WaitHandle.WaitOne(s_look);
        }

        _server = ProcessStat.TryRead(_proc, int.Parse(File.ReadAllText(PidFile), CultureInfo.InvariantCulture))
            ?? throw new ScenarioException($"{Description} has ended");
        return GiveOwnData();
    }

    private protected override (string Shared, string Unique) Read(CancellationToken cancel) =>
        (Digest(image.Keys, cancel), Digest(_ownKeys, cancel));

    /// <summary>The server first, and the runtime then ends by itself and reaps it.</summary>
    private protected override void End(OwnedProcess process)
    {
        _client?.Dispose();
        _client = null;
        if (_server is { } server)
        {
            ProcessTree.AwaitEnd(_proc, server.Pid, server.StartTicks, TimeSpan.Zero);
        }

        for (var waited = Stopwatch.StartNew(); !process.HasExited && _server is not null && waited.Elapsed < s_endPatience;)
        {
            Thread.Sleep(s_look);
        }

        _server = null;
    }

    /// <summary>It listens when it has begun to load, and answers when it has done so.</summary>
    private bool IsServing()
    {
        _client ??= RedisClient.TryConnect(Path.Combine(SocketDirectory, "redis.sock"), Patience);
        try
        {
            return _client?.Ask("EXISTS", image.Keys[^1])[0] is [(byte)'1'];
        }
        catch (ScenarioException)
        {
            _client?.Dispose();
            _client = null;
            return false;
        }
    }

    private string GiveOwnData()
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var given = 0L; given < uniqueBytes; given += ContainerImage.ValueLength)
        {
            var value = RandomNumberGenerator.GetBytes(ContainerImage.ValueLength);
            sum.AppendData(value);
            _ownKeys.Add(FormattableString.Invariant($"own:{_ownKeys.Count}"));
            Client.Ask(Encoding.ASCII.GetBytes("SET"), Encoding.ASCII.GetBytes(_ownKeys[^1]), value);
        }

        return Convert.ToHexStringLower(sum.GetHashAndReset());
    }

    private string Digest(IEnumerable<string> keys, CancellationToken cancel)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var batch in keys.Chunk(BatchLength))
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var value in Client.Ask([.. (string[])["MGET"], .. batch]))
            {
                sum.AppendData(value ?? []);
            }
        }

        return Convert.ToHexStringLower(sum.GetHashAndReset());
    }
}
