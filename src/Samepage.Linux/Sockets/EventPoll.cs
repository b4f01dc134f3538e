using System.Runtime.InteropServices;
using Samepage.Linux.Interop;

namespace Samepage.Linux.Sockets;

/// <summary>What a descriptor is waited for, or found to be.</summary>
[Flags]
public enum Readiness
{
    /// <summary>Nothing; errors and the end of a connection are told all the same.</summary>
    None = 0,

    /// <summary>Something can be read.</summary>
    Read = 0x1,

    /// <summary>Something can be written.</summary>
    Write = 0x4,

    /// <summary>An error is pending.</summary>
    Error = 0x8,

    /// <summary>The other end is gone.</summary>
    HangUp = 0x10,
}

/// <summary>One descriptor that is ready.</summary>
/// <param name="Tag">What it was added with.</param>
/// <param name="State">For what.</param>
public readonly record struct ReadyEvent(ulong Tag, Readiness State);

/// <summary>Waits for many descriptors at once (epoll, level-triggered). Not thread-safe, except for <see cref="Wake"/>.</summary>
public sealed unsafe class EventPoll : IDisposable
{
    private const ulong WakeTag = ulong.MaxValue;
    private const int EventsMax = 128;

    private int _poll;
    private int _wake;

    /// <summary>Waits for nothing yet.</summary>
    /// <exception cref="LinuxException">No descriptors are left.</exception>
    public EventPoll()
    {
        _poll = Libc.epoll_create1(Libc.EPOLL_CLOEXEC);
        _wake = _poll < 0 ? -1 : Libc.eventfd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        if (_wake < 0)
        {
            throw LinuxException.Last("epoll_create1");
        }

        Add(_wake, WakeTag, Readiness.Read);
    }

    /// <summary>Waits for a descriptor from now on; closing it ends that.</summary>
    public void Add(int descriptor, ulong tag, Readiness interest) => Control(Libc.EPOLL_CTL_ADD, descriptor, tag, interest);

    /// <summary>Waits for something else of it.</summary>
    public void Change(int descriptor, ulong tag, Readiness interest) => Control(Libc.EPOLL_CTL_MOD, descriptor, tag, interest);

    /// <summary>Waits for it no longer; needed where others may hold the same open file.</summary>
    public void Remove(int descriptor) => Control(Libc.EPOLL_CTL_DEL, descriptor, 0, Readiness.None);

    /// <summary>Waits until something is ready, a signal came, <see cref="Wake"/> was called or the time is over.</summary>
    /// <param name="ready">Filled from the start.</param>
    /// <param name="milliseconds">How long; -1: for ever.</param>
    /// <returns>How many are ready; may be 0.</returns>
    public int Wait(Span<ReadyEvent> ready, int milliseconds)
    {
        var events = stackalloc Libc.epoll_event[EventsMax];

        // SAFETY: the kernel fills at most as many as are asked for of this frame's array.
        var found = Libc.epoll_wait(_poll, events, Math.Min(ready.Length, EventsMax), milliseconds);
        if (found < 0)
        {
            return (Errno)Marshal.GetLastPInvokeError() == Errno.EINTR ? 0 : throw LinuxException.Last("epoll_wait");
        }

        var count = 0;
        for (var i = 0; i < found; i++)
        {
            if (events[i].data == WakeTag)
            {
                ulong times;
                _ = Libc.read(_wake, &times, sizeof(ulong));
            }
            else
            {
                ready[count++] = new ReadyEvent(events[i].data, (Readiness)events[i].events);
            }
        }

        return count;
    }

    /// <summary>Ends the wait of now, or the next one. From any thread.</summary>
    public void Wake()
    {
        ulong once = 1;
        _ = Libc.write(_wake, &once, sizeof(ulong));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        FileHandle.Close(ref _wake);
        FileHandle.Close(ref _poll);
    }

    private void Control(int operation, int descriptor, ulong tag, Readiness interest)
    {
        var what = new Libc.epoll_event { events = (uint)interest, data = tag };

        // SAFETY: the kernel reads the local.
        if (Libc.epoll_ctl(_poll, operation, descriptor, &what) != 0)
        {
            throw LinuxException.Last("epoll_ctl");
        }
    }
}
