using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Samepage.Server.Service;

/// <summary>
/// Tells the service manager how the daemon fares (sd_notify(3)): one datagram for each message, to a socket that it
/// names by a path or, with an @ in front, in the abstract name space. Without one it does nothing. Thread-safe.
/// </summary>
/// <param name="address">What NOTIFY_SOCKET says; null or empty: nobody wants to know.</param>
/// <param name="watchdogMicroseconds">What WATCHDOG_USEC says; null: nobody watches.</param>
public sealed class ServiceNotifier(string? address, long? watchdogMicroseconds)
{
    private readonly Lock _lock = new();
    private long _toldAt;

    /// <summary>How often the watchdog wants a sign of life: twice in the time after which it bites; null: never.</summary>
    public TimeSpan? WatchdogEvery => watchdogMicroseconds is { } time ? TimeSpan.FromMicroseconds(time / 2) : null;

    /// <summary>As the environment says, which is then cleared so that no child mistakes it for its own.</summary>
    public static ServiceNotifier FromEnvironment()
    {
        var address = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
        var isOurs = Environment.GetEnvironmentVariable("WATCHDOG_PID") is not { Length: > 0 } pid
            || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        var time = long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && isOurs
            ? number
            : (long?)null;
        foreach (var variable in new[] { "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID" })
        {
            Environment.SetEnvironmentVariable(variable, null);
        }

        return new ServiceNotifier(address, time);
    }

    /// <summary>It serves.</summary>
    /// <param name="status">One line for people.</param>
    public void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    /// <summary>It reads its policy anew; <see cref="Ready"/> follows.</summary>
    public void Reloading() =>
        Send(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={Stopwatch.GetElapsedTime(0).Ticks / 10}"));

    /// <summary>It ends.</summary>
    public void Stopping() => Send("STOPPING=1");

    /// <summary>A sign of life, where one is due.</summary>
    public void Alive()
    {
        lock (_lock)
        {
            if (WatchdogEvery is not { } every || (_toldAt != 0 && Stopwatch.GetElapsedTime(_toldAt) < every))
            {
                return;
            }

            _toldAt = Stopwatch.GetTimestamp();
        }

        Send("WATCHDOG=1");
    }

    private void Send(string message)
    {
        if (string.IsNullOrEmpty(address) || address[0] is not ('/' or '@'))
        {
            return;
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
            socket.SendTo(Encoding.UTF8.GetBytes(message), new UnixDomainSocketEndPoint(address[0] == '@' ? '\0' + address[1..] : address));
        }
        catch (Exception deaf) when (deaf is SocketException or ArgumentException)
        {
            // A manager that cannot be told is no reason to stop serving.
        }
    }
}
