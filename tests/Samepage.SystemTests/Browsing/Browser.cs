using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Samepage.SystemTests.Reporting;

namespace Samepage.SystemTests.Browsing;

/// <summary>
/// A real browser without a window, driven by its DevTools protocol: one page that stays open, does what it is told, and
/// notes whatever it complains of. A client of a hundred lines; docs/decisions/0004-charts.md says why no library.
/// </summary>
internal sealed class Browser : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly string _profile = Directory.CreateTempSubdirectory("samepage-browser-").FullName;
    private readonly Process _process;
    private readonly ClientWebSocket _socket = new();
    private readonly List<string> _complaints = [];
    private int _number;

    /// <summary>Opens an empty page; skips the test, loudly, where there is no browser.</summary>
    public Browser()
    {
        Assert.SkipWhen(Chromium.Path is null, "no chromium on PATH (apt-get install chromium): the dashboard was not seen by a browser");

        // The port is the browser's choice, and stands in a file of its profile.
        _process = Tool.Start(
            Chromium.Path!,
            ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage", "--disable-component-update",
                "--no-first-run", "--hide-scrollbars", "--remote-debugging-port=0", $"--user-data-dir={_profile}", "about:blank"]);
        _ = _process.StandardError.ReadToEndAsync();
        _ = _process.StandardOutput.ReadToEndAsync();
        _socket.ConnectAsync(PageAddress(), CancellationToken.None).GetAwaiter().GetResult();
        foreach (var domain in new[] { "Page", "Runtime", "Log" })
        {
            Send($"{domain}.enable");
        }
    }

    /// <summary>What it complained of so far: exceptions, warnings and errors on the console, and what could not be loaded.</summary>
    public IReadOnlyList<string> Complaints
    {
        get
        {
            // Whatever was on its way is taken in before the answer to this.
            Send("Runtime.evaluate", new JsonObject { ["expression"] = "0" });
            return [.. _complaints];
        }
    }

    /// <summary>Goes to an address, as wide and high as is said.</summary>
    public void Open(string address, int width = 1360, int height = 1000, bool isDark = false, double scale = 1)
    {
        Look(width, height, isDark, scale);
        Send("Page.navigate", new JsonObject { ["url"] = address });
        Until("document.readyState === 'complete'");
    }

    /// <summary>Changes the window, and what the operator likes.</summary>
    public void Look(int width, int height, bool isDark, double scale = 1)
    {
        Send("Emulation.setDeviceMetricsOverride", new JsonObject { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = scale, ["mobile"] = width < 600 });
        var scheme = new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = isDark ? "dark" : "light" };
        Send("Emulation.setEmulatedMedia", new JsonObject { ["features"] = new JsonArray(scheme) });
    }

    /// <summary>What an expression comes to; a promise is waited for.</summary>
    public JsonNode? Value(string expression)
    {
        var answer = Send("Runtime.evaluate", new JsonObject { ["expression"] = expression, ["awaitPromise"] = true, ["returnByValue"] = true });
        Assert.True(answer["exceptionDetails"] is null, $"{expression}: {answer["exceptionDetails"]?.ToJsonString()}");
        return answer["result"]?["value"];
    }

    /// <summary>Waits until an expression is true.</summary>
    public void Until(string expression, int seconds = 30)
    {
        for (var clock = Stopwatch.StartNew(); Value($"!!({expression})")?.GetValue<bool>() != true; Thread.Sleep(100))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(seconds), $"never came: {expression}; the page says {Value("document.body.innerText.slice(0, 1500)")}; {string.Join("; ", _complaints)}");
        }
    }

    /// <summary>Runs a script in the page, past what the page's own policy allows it.</summary>
    public void Run(string script) =>
        Assert.Null(Send("Runtime.evaluate", new JsonObject { ["expression"] = script + "\n;0" })["exceptionDetails"]);

    /// <summary>Presses a key where the focus is.</summary>
    public void Press(string key, int code)
    {
        var down = new JsonObject { ["type"] = "keyDown", ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = code };
        if (key == "Enter")
        {
            down["text"] = "\r";
        }

        Send("Input.dispatchKeyEvent", down);
        Send("Input.dispatchKeyEvent", new JsonObject { ["type"] = "keyUp", ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = code });
    }

    /// <summary>Moves the mouse to a point of the window, pressed or not.</summary>
    public void Point(double x, double y, bool isPressed = false) => Mouse("mouseMoved", x, y, isPressed, clicks: 0);

    /// <summary>Presses the mouse at one point, goes to another on a straight line, and lets go there.</summary>
    public void Drag(double x, double y, double toX, double toY)
    {
        const int Steps = 8;
        Point(x, y);
        Mouse("mousePressed", x, y, isPressed: true, clicks: 1);
        for (var step = 1; step <= Steps; step++)
        {
            Point(x + ((toX - x) * step / Steps), y + ((toY - y) * step / Steps), isPressed: true);
        }

        Mouse("mouseReleased", toX, toY, isPressed: false, clicks: 1);
    }

    /// <summary>Clicks twice at a point.</summary>
    public void DoubleClick(double x, double y)
    {
        Point(x, y);
        for (var clicks = 1; clicks <= 2; clicks++)
        {
            Mouse("mousePressed", x, y, isPressed: true, clicks);
            Mouse("mouseReleased", x, y, isPressed: false, clicks);
        }
    }

    /// <summary>A picture of what can be seen, or of the whole page.</summary>
    public void Picture(string file, bool isWhole = false)
    {
        var answer = Send("Page.captureScreenshot", new JsonObject { ["format"] = "png", ["captureBeyondViewport"] = isWhole });
        File.WriteAllBytes(file, Convert.FromBase64String(answer["data"]!.GetValue<string>()));
    }

    public void Dispose()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        for (var attempt = 0; Directory.Exists(_profile) && attempt < 20; attempt++)
        {
            try
            {
                Directory.Delete(_profile, recursive: true);
            }
            catch (IOException)
            {
                // One of its processes is still writing.
                Thread.Sleep(100);
            }
        }
    }

    private Uri PageAddress()
    {
        var file = Path.Combine(_profile, "DevToolsActivePort");
        for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(50))
        {
            Assert.True(clock.Elapsed < s_patience && !_process.HasExited, "the browser did not start");
            if (File.Exists(file) && File.ReadAllLines(file) is [var port, ..])
            {
                using var client = new HttpClient();
                var pages = JsonNode.Parse(client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/json/list")).GetAwaiter().GetResult())!.AsArray();
                if (pages.FirstOrDefault(page => page!["type"]!.GetValue<string>() == "page") is { } page)
                {
                    return new Uri(page["webSocketDebuggerUrl"]!.GetValue<string>());
                }
            }
        }
    }

    private void Mouse(string type, double x, double y, bool isPressed, int clicks) => Send("Input.dispatchMouseEvent", new JsonObject
    {
        ["type"] = type,
        ["x"] = x,
        ["y"] = y,
        ["button"] = type == "mouseMoved" && !isPressed ? "none" : "left",
        ["buttons"] = isPressed ? 1 : 0,
        ["clickCount"] = clicks,
    });

    private JsonNode Send(string method, JsonObject? parameters = null)
    {
        using var late = new CancellationTokenSource(s_patience);
        var number = ++_number;
        var question = new JsonObject { ["id"] = number, ["method"] = method, ["params"] = parameters ?? [] };
        _socket.SendAsync(Encoding.UTF8.GetBytes(question.ToJsonString()), WebSocketMessageType.Text, true, late.Token).GetAwaiter().GetResult();
        while (true)
        {
            var message = Receive(late.Token);
            if (message["id"]?.GetValue<int>() == number)
            {
                Assert.True(message["error"] is null, $"{method}: {message["error"]?.ToJsonString()}");
                return message["result"]!;
            }

            Note(message);
        }
    }

    private JsonNode Receive(CancellationToken late)
    {
        using var whole = new MemoryStream();
        var buffer = new byte[64 << 10];
        for (WebSocketReceiveResult part; ;)
        {
            part = _socket.ReceiveAsync(buffer, late).GetAwaiter().GetResult();
            whole.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
            {
                return JsonNode.Parse(whole.ToArray())!;
            }
        }
    }

    private void Note(JsonNode message)
    {
        var parameters = message["params"];
        var complaint = message["method"]?.GetValue<string>() switch
        {
            "Runtime.exceptionThrown" => parameters!["exceptionDetails"]!.ToJsonString(),
            "Runtime.consoleAPICalled" when parameters!["type"]!.GetValue<string>() is "error" or "warning" or "assert" => parameters["args"]!.ToJsonString(),
            "Log.entryAdded" when parameters!["entry"]!["level"]!.GetValue<string>() is "error" or "warning" => $"{parameters["entry"]!["text"]} {parameters["entry"]!["url"]}",
            _ => null,
        };
        if (complaint is not null)
        {
            _complaints.Add(complaint);
        }
    }
}
