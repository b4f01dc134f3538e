using System.Net;
using System.Runtime.InteropServices;
using Samepage.Governing;
using Samepage.Guarding;
using Samepage.Guarding.Swapping;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Swapping;
using Samepage.Server.Control;
using Samepage.Server.Dashboard;
using Samepage.Server.History;
using Samepage.Server.Http;
using Samepage.Server.Loop;

namespace Samepage.Server.Service;

/// <summary>A daemon on this machine with all that belongs to it: lock, sockets, signals, service manager.</summary>
public sealed class Serving : IDisposable
{
    private const string LockName = "serve.lock";

    private readonly ServeOptions _options;
    private readonly ServiceNotifier _notifier;
    private readonly DecisionLog _log;

    /// <summary>Giving or taking swap never waits until processes were switched.</summary>
    private readonly Worker _guardWorker = new("guard"), _rulesWorker = new("rules");

    private readonly DomainPoller _domains = new();
    private readonly EstimatePromise _promise;
    private readonly Daemon _daemon;
    private readonly Routes _routes;
    private readonly HistoryKeeper _history;
    private readonly HistorySampler _historySampler;
    private int _lock;
    private ControlServer? _control;
    private HttpServer? _http;
    private string? _listen;
    private long _turnAt;
    private bool _isReady;

    /// <summary>Takes hold of everything, and changes nothing yet.</summary>
    /// <exception cref="DaemonHeldException">Another daemon serves.</exception>
    /// <exception cref="SettingsHeldException">Another process holds ksmd's settings.</exception>
    /// <exception cref="Policies.PolicyException">The policy cannot be followed.</exception>
    /// <exception cref="LinuxException">Something is not allowed.</exception>
    /// <exception cref="IOException">A socket or directory cannot be had.</exception>
    public Serving(ServeOptions options, ServiceLog log, ServiceNotifier notifier)
    {
        (_options, _notifier) = (options, notifier);
        _log = new DecisionLog(TimeProvider.System, log.Write);
        Directory.CreateDirectory(options.RunDirectory);
        var lockPath = Path.Combine(options.RunDirectory, LockName);
        _lock = FileHandle.TryLock(lockPath);
        if (_lock < 0)
        {
            throw new DaemonHeldException(lockPath);
        }

        var roots = options.HostProc is { } hostProc ? HostRoots.Live with { HostProc = new ProcFs(hostProc) } : HostRoots.Live;
        _promise = new EstimatePromise(roots.Proc, TimeProvider.System);
        try
        {
            _daemon = new Daemon(Describe(options, roots), _log);
        }
        catch
        {
            FileHandle.Close(ref _lock);
            throw;
        }

        var reader = new MergingReader(roots.Proc, roots.Ksm);
        var figures = new ProcessFigures(() => reader.ReadProcesses(null), TimeProvider.System);
        _history = new HistoryKeeper(_log, TimeProvider.System, new ProcessHistory(roots.Proc, figures.Look).Look);
        _historySampler = new HistorySampler(roots.Proc, TimeProvider.System, () => _domains.Last, _history.Post);
        _log.Told = (level, decision) => _history.Tell(new ToldDecision(level, decision));
        _routes = new Routes(
            () => _daemon.Status,
            new DecisionSource(_log, _daemon.RuleOf, () => TimeProvider.System.GetElapsedTime(Interlocked.Read(ref _turnAt))),
            figures, new HistoryDesk(() => _history.FilePath, TimeProvider.System, _history.Suspect),
            () => new BesideFigures(_domains.Last, _domains.Keepers, _history.IsKept))
        {
            Dashboard = options.WhatIf is { } whatIf ? Dashboard(roots, whatIf) : null,
        };
        _history.Follow(History());
        try
        {
            _control = ControlServer.Start(Path.Combine(options.RunDirectory, ControlSocket.FileName), _routes.Answer);
            Listen(options.Listen ?? _daemon.Policy.Server.Listen);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Serves until it is cancelled; settings are put back by <see cref="Dispose"/>.</summary>
    public void Run(CancellationToken cancel)
    {
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            _daemon.AskReload();
        });
        _daemon.Reloading = OnReload;
        _history.Start();
        _daemon.Run(AfterTurn, _notifier.WatchdogEvery ?? TimeSpan.MaxValue, cancel);
        _notifier.Stopping();
        _log.Tell(LogLevel.Notice, "daemon", "host", "stops", _options.IsDryRun ? "" : "settings are put back; what is merged stays merged");
    }

    /// <summary>Puts settings back and lets go of everything.</summary>
    public void Dispose()
    {
        _http?.Dispose();
        _control?.Dispose();
        (_http, _control) = (null, null);
        _history.Dispose();
        _domains.Dispose();
        _options.Switch.Dispose();
        _rulesWorker.Dispose();
        _guardWorker.Dispose();
        try
        {
            _daemon.Dispose();
        }
        finally
        {
            FileHandle.Close(ref _lock);
        }
    }

    /// <summary>
    /// Removes the control socket that a daemon which was killed has left: whoever may not connect to it would take it for
    /// that of one that lives.
    /// </summary>
    /// <param name="runDirectory">Where it lies.</param>
    public static void RemoveLeftBehind(string runDirectory)
    {
        var path = Path.Combine(runDirectory, ControlSocket.FileName);
        if (File.Exists(path) && FileHandle.TryLock(Path.Combine(runDirectory, LockName)) is >= 0 and var held)
        {
            File.Delete(path);
            FileHandle.Close(ref held);
        }
    }

    private DaemonOptions Describe(ServeOptions options, HostRoots roots)
    {
        var pageOut = new PageOut(roots.Proc);
        return new DaemonOptions
        {
            Roots = roots,
            StateDirectory = options.StateDirectory,
            IsDryRun = options.IsDryRun,
            ReadPolicy = options.ReadPolicy,
            OwnCpu = () => Environment.CpuUsage.TotalTime,
            Switch = options.Switch,
            Swap = new SwapKernel(roots.Proc, new ZramControl()),
            Push = pageOut.Push,
            PostGuard = _guardWorker.Post,
            PostRules = _rulesWorker.Post,
            AskDomains = () => _domains.Last,
            Promise = _promise.Left,
        };
    }

    private DashboardRoutes Dashboard(HostRoots roots, IWhatIf whatIf)
    {
        var tables = new MergingTables(new MergingSources(
            roots.Proc, new MergingReader(roots.Proc, roots.Ksm), () => _domains.Last, () => _daemon.RuleNames, () => _daemon.Policy.Rules, TimeProvider.System));
        return new DashboardRoutes(tables, whatIf, new EstimateDesk(whatIf, tables.DomainOf, TimeProvider.System) { Made = _promise.Note }, () => _history.FilePath is not null);
    }

    private void AfterTurn()
    {
        Interlocked.Exchange(ref _turnAt, TimeProvider.System.GetTimestamp());
        if (!_isReady)
        {
            _isReady = true;
            _log.Tell(LogLevel.Notice, "daemon", "host", _options.IsDryRun ? "serves, and acts on nothing (--dry-run)" : "serves", Effective());
            _notifier.Ready(Effective());
        }

        _notifier.Alive();
        if (_daemon.Status is { } status)
        {
            _historySampler.Observe(status);
        }
    }

    private void OnReload(bool isBegin)
    {
        if (isBegin)
        {
            _notifier.Reloading();
            return;
        }

        _history.Follow(History());
        var listen = _options.Listen ?? _daemon.Policy.Server.Listen;
        if (listen != _listen)
        {
            try
            {
                Listen(listen);
            }
            catch (IOException refused)
            {
                _log.Tell(LogLevel.Error, "daemon", "host", "HTTP stays where it was", refused.Message);
            }
        }

        _notifier.Ready(Effective());
    }

    /// <summary>Whoever acts on nothing writes nothing either.</summary>
    private HistoryOptions? History() => _daemon.Policy.History is { IsEnabled: true } policy && !_options.IsDryRun
        ? new HistoryOptions(policy.Path ?? Path.Combine(_options.StateDirectory, HistoryOptions.FileName), policy.Days, policy.SizeBytesMax)
        : null;

    /// <summary>The new address first, so that a refusal leaves the old one; on the same port the old one has to go before, and comes back.</summary>
    private void Listen(string? address)
    {
        var next = address is null or "off" ? null : HttpServer.Address(address);
        var former = _http is not null && _listen is { } was && HttpServer.Address(was) is var old && old.Port == next?.Port ? old : null;
        if (former is not null)
        {
            _http!.Dispose();
            _http = null;
        }

        try
        {
            var server = next is null ? null : Serve(next);
            _http?.Dispose();
            (_http, _listen) = (server, address);
        }
        catch (IOException) when (former is not null)
        {
            _http = Serve(former);
            throw;
        }
    }

    /// <summary>Names are those of the policy of the moment, so that a reload need not begin anew for them.</summary>
    private HttpServer Serve(IPEndPoint address) => HttpServer.Start(address, _routes.Answer, _routes.AnswerPost, () => _daemon.Policy.Server.Hosts);

    private string Effective()
    {
        var policy = _daemon.Policy;
        return FormattableString.Invariant($"policy {(policy.Sources.Count == 0 ? "defaults" : string.Join(", ", policy.Sources))}, {policy.Rules.Count} rules; at most {policy.Governor.CpuBudgetPercent} % of a core; coverage warning {policy.Guard.Host.Warning}, floor {policy.Guard.Host.Floor}; HTTP {(_http is null ? "off" : _listen)}");
    }
}
