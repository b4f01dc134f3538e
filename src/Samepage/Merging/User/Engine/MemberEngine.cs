using System.Text;
using Samepage.Linux;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// The engine of one member, on the one thread that the gate starts for it: keeps the connection to the keeper, answers
/// the program's requests, and in between looks, merges and returns. What merging is made of lies in the classes
/// beside this one; what may run when is decided here.
/// </summary>
internal sealed unsafe class MemberEngine : IDisposable
{
    private const int ReconnectMilliseconds = 500;
    private const int SpawnMilliseconds = 3_000;
    private const int EagerMilliseconds = 20;
    private const int IdleMilliseconds = 2_000;

    private readonly Gate* _gate;
    private readonly GateCalls* _calls;
    private readonly GateLock _lock;
    private readonly EngineCounters _counters;
    private readonly CpuAllowance _allowance;
    private readonly SpareMappings _spare = new();
    private readonly DomainName _domain;
    private MergeSession? _session;
    private KeeperLink? _link;
    private long _nextConnect;
    private long _nextSpawn;
    private bool _hasLeft;

    private MemberEngine(Gate* gate, GateCalls* calls)
    {
        _gate = gate;
        _calls = calls;
        _lock = new GateLock(gate, calls);
        _counters = new EngineCounters(gate);
        _allowance = new CpuAllowance(gate);
        _domain = DomainName.TryParse(Text(gate->Domain, Gate.DomainBytes)) ?? DomainName.TryParse(DomainName.Default)!;
    }

    /// <summary>Runs until the process has left its domain. Called once, on the engine's thread.</summary>
    /// <returns>0, or the negative errno of why it could not begin.</returns>
    public static int Run(Gate* gate, GateCalls* calls)
    {
        Breakage.Choose();
        using var engine = new MemberEngine(gate, calls);
        try
        {
            if ((gate->Version, gate->Size) != (Gate.CurrentVersion, (uint)sizeof(Gate)))
            {
                throw new InvalidOperationException("the engine is of another version than libsamepage, which the program has loaded before an upgrade: start the program anew");
            }

            engine.Run();
            return 0;
        }
        catch (Exception error)
        {
            // No exception crosses to the program. What was merged stays right without an engine: only the program's requests must still be answered.
            engine.Stop(error.Message);
            engine.AnswerForEver();
            return error is LinuxException { Errno: var errno } ? -(int)errno : -(int)Errno.EIO;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _link?.Dispose();
        _session?.Dispose();
        _spare.Dispose();
    }

    private bool IsEager => _gate->Limits.Pace == (uint)Pace.Eager;

    private bool IsStopped => Volatile.Read(ref _gate->State) == (uint)MemberState.Stopped;

    private void Run()
    {
        _ = Interlocked.CompareExchange(ref _gate->State, (uint)MemberState.Joining, (uint)MemberState.None);
        while (!_hasLeft)
        {
            var bell = Volatile.Read(ref _gate->Doorbell);
            AnswerRequest();
            var pause = IsStopped ? IdleMilliseconds : Work(bell);
            Publish();
            if (!_hasLeft && pause > 0)
            {
                Futex.Wait(&_gate->Doorbell, bell, pause);
            }
        }
    }

    /// <summary>One turn of the engine's own work. Gives the milliseconds until the next.</summary>
    private int Work(uint bell)
    {
        if (!EnsureLink())
        {
            return ReconnectMilliseconds;
        }

        try
        {
            _spare.Take();
            _allowance.BeginTurn(bell);
            var isBusy = _session!.Turn(_link!, IsEager);
            return Math.Max(_allowance.EndTurn(), isBusy ? 0 : IsEager ? EagerMilliseconds : IdleMilliseconds);
        }
        catch (KeeperLostException lost)
        {
            Lose(lost.Message);
            return ReconnectMilliseconds;
        }
        catch (Exception error) when (error is LinuxException or OutOfMemoryException)
        {
            // What is merged stays, and it is tried again.
            NoteShortage(error);
            return IdleMilliseconds;
        }
    }

    /// <summary>Out of descriptors, of memory, of mappings; the engine's own heap feels the last two as well.</summary>
    private void NoteShortage(Exception error)
    {
        if (error is OutOfMemoryException)
        {
            _spare.GiveUp();
        }

        _counters.Reason = error is OutOfMemoryException
            ? "the program has used up its memory or its mappings (vm.max_map_count): merging pauses"
            : error.Message;
    }

    private bool EnsureLink()
    {
        if (_link is not null)
        {
            return true;
        }

        if (LookSchedule.Now < _nextConnect)
        {
            return false;
        }

        _nextConnect = LookSchedule.Now + ReconnectMilliseconds;
        foreach (var path in _domain.SocketPaths)
        {
            if (TryJoin(path))
            {
                return true;
            }

            if (IsStopped)
            {
                return false;
            }
        }

        if (LookSchedule.Now >= _nextSpawn)
        {
            _nextSpawn = LookSchedule.Now + SpawnMilliseconds;
            if (_calls->SpawnKeeper() is var error and < 0)
            {
                _counters.Reason = $"no keeper runs for domain {_domain}, and none could be started: {(Errno)(-error)}";
            }
        }

        return false;
    }

    private bool TryJoin(string path)
    {
        try
        {
            _link = KeeperLink.Join(path);
            if (_session is null)
            {
                _session = new MergeSession(_gate, _calls, _lock, _counters, _allowance, _link);
            }

            _session.Join(_link);
            _link.CloseDevice();
            _counters.Reason = "";
            _ = Interlocked.CompareExchange(ref _gate->State, (uint)MemberState.Merging, (uint)MemberState.Joining);
            return true;
        }
        catch (KeeperLostException lost)
        {
            Lose(lost.Message);
        }
        catch (LinuxException error) when (_link is null || _session is not null)
        {
            Lose($"no keeper at {path}: {error.Errno}");
        }
        catch (LinuxException error)
        {
            // There is a keeper, but the kernel does not give what windows need, and will not later either.
            Lose(error.Message);
            Stop(error.Message);
        }

        return false;
    }

    private void Lose(string reason)
    {
        if (_link is not null)
        {
            _link.Dispose();
            _link = null;
        }

        _session?.Lose();
        _counters.Reason = reason;
        _ = Interlocked.CompareExchange(ref _gate->State, (uint)MemberState.Joining, (uint)MemberState.Merging);
    }

    private void AnswerRequest()
    {
        var request = &_gate->Request;
        if (request->Kind == (uint)GateRequestKind.None || Volatile.Read(ref request->IsDone) != 0)
        {
            return;
        }

        try
        {
            request->Result = Answer((GateRequestKind)request->Kind, request);
        }
        catch (Exception error) when (error is LinuxException or OutOfMemoryException)
        {
            NoteShortage(error);
            request->Result = -(long)Errno.EAGAIN;
        }

        Publish();
        Volatile.Write(ref request->IsDone, 1);
        Futex.WakeAll(&request->IsDone);
    }

    private long Answer(GateRequestKind kind, GateRequest* request)
    {
        switch (kind)
        {
            case GateRequestKind.Unmerge:
                return Unmerge(request->Address, request->Address + request->Length);
            case GateRequestKind.Scan:
                return Scan(request->Argument);
            case GateRequestKind.Leave:
                var error = Unmerge(0, ulong.MaxValue);
                _hasLeft = error == 0;
                return error;
            case GateRequestKind.Limits:
                _session?.TakeLimits();
                return 0;
            case GateRequestKind.Stop:
                Stop("the program locks all its future memory (mlockall): merging has stopped");
                return 0;
            default:
                return -(long)Errno.EINVAL;
        }
    }

    private long Unmerge(ulong start, ulong end)
    {
        if (_session is null)
        {
            return 0;
        }

        return _session.Unmerge(start, end) ? 0 : -(long)Errno.EAGAIN;
    }

    private long Scan(long milliseconds)
    {
        var deadline = milliseconds <= 0 ? long.MaxValue : LookSchedule.Now + milliseconds;
        while (!IsStopped && LookSchedule.Now < deadline)
        {
            try
            {
                _nextConnect = 0;
                if (EnsureLink())
                {
                    var merged = _session!.ScanAll(_link!, deadline);
                    return LookSchedule.Now < deadline ? merged : -(long)Errno.ETIMEDOUT;
                }
            }
            catch (KeeperLostException lost)
            {
                Lose(lost.Message);
            }
            catch (Exception error) when (error is LinuxException or OutOfMemoryException)
            {
                NoteShortage(error);
            }

            Thread.Sleep(EagerMilliseconds);
        }

        return IsStopped ? -(long)Errno.EPERM : -(long)Errno.ETIMEDOUT;
    }

    private void Stop(string reason)
    {
        _counters.Reason = reason;
        Volatile.Write(ref _gate->State, (uint)MemberState.Stopped);
        Publish();
    }

    private void AnswerForEver()
    {
        while (!_hasLeft)
        {
            var bell = Volatile.Read(ref _gate->Doorbell);
            AnswerRequest();
            Futex.Wait(&_gate->Doorbell, bell, IdleMilliseconds);
        }
    }

    private void Publish()
    {
        _session?.Count();
        _counters.Publish();
    }

    private static string Text(byte* bytes, int most)
    {
        var text = new ReadOnlySpan<byte>(bytes, most);
        var end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }
}
