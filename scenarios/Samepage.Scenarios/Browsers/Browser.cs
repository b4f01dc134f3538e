using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Samepage.Linux.Proc;

namespace Samepage.Scenarios.Browsers;

/// <summary>
/// A headless Chromium with all its processes, showing a local page. It reaches no network, listens nowhere, and keeps
/// its files in a directory of the run.
/// </summary>
/// <param name="program">The browser.</param>
/// <param name="number">Which one of its scenario, from 1.</param>
/// <param name="pages">What it shows.</param>
/// <param name="directory">For its profile and whatever else it writes.</param>
public sealed class Browser(string program, int number, BrowserPages pages, string directory)
    : ScenarioProgram(pages.SharedDigest)
{
    /// <summary>Opens the two pipes as the numbers that the browser expects, and becomes it. Only complaints are heard.</summary>
    private const string Become = "exec 3<\"$0\" 4>\"$1\" </dev/null >/dev/null; shift; exec \"$@\"";

    private static readonly TimeSpan s_endPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);

    private readonly ProcFs _proc = new();
    private BrowserPipe? _pipe;
    private OwnedProcess? _running;
    private string? _session;

    /// <summary>Where the machine's Chromium is; null where it has none.</summary>
    public static string? Find() =>
        Executable.Find("chromium") ?? Executable.Find("chromium-browser") ?? Executable.Find("google-chrome");

    /// <inheritdoc/>
    public override string Description =>
        FormattableString.Invariant($"browser {number}: Chromium, {pages.DataBytes >> 20} MB in its page");

    /// <summary>The browser, its pages, and its helpers.</summary>
    public override IReadOnlyList<int> Pids => ProcessTree.Of(_proc, Pid);

    /// <inheritdoc/>
    public override bool IsRestless => true;

    /// <inheritdoc/>
    internal override TimeSpan Patience => TimeSpan.FromSeconds(90);

    /// <inheritdoc/>
    public override void Corrupt(ContentPart part, long offset, CancellationToken cancel) =>
        Evaluate(FormattableString.Invariant($"samepage.corrupt('{part.ToString().ToLowerInvariant()}', {offset})"), cancel);

    private protected override OwnedProcess Launch()
    {
        _pipe = new BrowserPipe();
        var home = Directory.CreateDirectory(Path.Combine(directory, "home")).FullName;
        var temporary = Directory.CreateDirectory(Path.Combine(directory, "tmp")).FullName;
        var environment = new Dictionary<string, string>
        {
            ["HOME"] = home,
            ["XDG_CONFIG_HOME"] = home,
            ["XDG_CACHE_HOME"] = home,
            ["TMPDIR"] = temporary,
        };
        return _running = OwnedProcess.Start(
            Description, "/bin/sh", ["-c", Become, _pipe.ReadEnd, _pipe.WriteEnd, program, .. Arguments(directory)], environment);
    }

    /// <summary>The page is up when its script ran to the end; what was needed for loading it only is collected then.</summary>
    private protected override string Rise(OwnedProcess process, CancellationToken cancel)
    {
        var target = Ask("Target.createTarget", null, json => json.WriteString("url", pages.Address), cancel)
            .GetProperty("targetId").GetString();
        _session = Ask(
            "Target.attachToTarget", null,
            json =>
            {
                json.WriteString("targetId", target);
                json.WriteBoolean("flatten", true);
            },
            cancel).GetProperty("sessionId").GetString();
        for (var waited = Stopwatch.StartNew(); !IsLoaded(process, cancel); cancel.WaitHandle.WaitOne(s_look))
        {
            cancel.ThrowIfCancellationRequested();
            if (waited.Elapsed > Patience)
            {
                throw new ScenarioException(string.Create(CultureInfo.InvariantCulture, $"{Description} did not load its page in {Patience.TotalSeconds:0} s"));
            }
        }

        var (_, unique) = Read(cancel);
        Ask("HeapProfiler.collectGarbage", _session, null, cancel);
        return unique;
    }

    private protected override (string Shared, string Unique) Read(CancellationToken cancel) =>
        Evaluate("samepage.read()", cancel).Split(' ') is [var shared, var unique] ? (shared, unique) : ("", "");

    /// <summary>Asked to close, the browser ends its helpers itself; what does not follow is killed.</summary>
    private protected override void End(OwnedProcess process)
    {
        var all = process.HasExited ? [] : ProcessTree.Of(_proc, process.Pid)
            .Select(pid => ProcessStat.TryRead(_proc, pid)).OfType<ProcessStat>().ToList();
        try
        {
            _pipe?.Ask("Browser.close", null, s_endPatience, () => process.HasExited, null, CancellationToken.None);
        }
        catch (ScenarioException)
        {
            // It has ended already, or never came up.
        }

        foreach (var one in all)
        {
            ProcessTree.AwaitEnd(_proc, one.Pid, one.StartTicks, s_endPatience);
        }

        _pipe?.Dispose();
        _pipe = null;
    }

    /// <summary>As root there is no sandbox to be had; the pages are our own, and there is no network.</summary>
    private static IEnumerable<string> Arguments(string directory) =>
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
        "--proxy-server=127.0.0.1:9", "--disable-extensions", "--disable-component-update", "--disable-sync", "--no-first-run",
        "--disable-breakpad", "--disable-crash-reporter", "--password-store=basic", "--remote-debugging-pipe",
        $"--user-data-dir={Path.Combine(directory, "profile")}", "about:blank",
    ];

    /// <summary>A page that is just being made has no place yet where a script could run, and says so.</summary>
    private bool IsLoaded(OwnedProcess process, CancellationToken cancel)
    {
        try
        {
            return Evaluate("String(window.isLoaded === true)", cancel) == "true";
        }
        catch (ScenarioException) when (!process.HasExited)
        {
            return false;
        }
    }

    private string Evaluate(string expression, CancellationToken cancel)
    {
        var answer = Ask(
            "Runtime.evaluate", _session,
            json =>
            {
                json.WriteString("expression", expression);
                json.WriteBoolean("awaitPromise", true);
                json.WriteBoolean("returnByValue", true);
            },
            cancel);
        return answer.GetProperty("result").TryGetProperty("value", out var value) && value.GetString() is { } text
            ? text
            : throw new ScenarioException($"{Description} cannot say {expression}: {answer.GetRawText()}");
    }

    private JsonElement Ask(string method, string? session, Action<Utf8JsonWriter>? parameters, CancellationToken cancel)
    {
        if (_pipe is not { } pipe || _running is not { } running)
        {
            throw new ScenarioException($"{Description} is not running");
        }

        return pipe.Ask(method, session, Patience, () => running.HasExited, parameters, cancel);
    }
}
