using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Samepage.Linux.Proc;

namespace Samepage.SystemTests.Scenarios;

/// <summary>The demo verb of the published executable at work, and everything that it starts.</summary>
internal sealed class DemoProcess : IDisposable
{
    /// <summary>Every process that the demo starts inherits this, so that none can hide.</summary>
    private readonly string _mark = "SAMEPAGE_TEST_MARK=" + Guid.NewGuid().ToString("N");

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly List<string> _steps = [];

    public DemoProcess(string executable, params IEnumerable<string> arguments)
    {
        var mark = _mark.Split('=');
        _process = Tool.StartInterruptible(
            executable, arguments, new Dictionary<string, string> { [mark[0]] = mark[1], ["XDG_CACHE_HOME"] = Machine.Cache });
        _output = _process.StandardOutput.ReadToEndAsync();
    }

    public int Pid => _process.Id;

    /// <summary>What it said on standard error so far, as far as read.</summary>
    public string Steps => string.Join('\n', _steps);

    /// <summary>Waits until it says that a step begins.</summary>
    public void WaitForStep(string text)
    {
        while (_process.StandardError.ReadLine() is { } line)
        {
            _steps.Add(line);
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"the demo ended before the step '{text}':\n{Steps}");
    }

    public int WaitForExit()
    {
        _steps.Add(_process.StandardError.ReadToEnd());
        _process.WaitForExit();
        return _process.ExitCode;
    }

    public JsonElement Json() => JsonDocument.Parse(_output.GetAwaiter().GetResult()).RootElement;

    public void Signal(string name) => Tool.Signal(Pid, name);

    /// <summary>Processes that it started and that still run.</summary>
    public int[] Left()
    {
        var proc = new ProcFs();
        return [.. proc.ListProcesses().Where(pid => pid != Pid
            && (proc.TryRead(pid, "environ") ?? "").Contains(_mark, StringComparison.Ordinal)
            && ProcessStat.TryRead(proc, pid) is { State: not ('Z' or 'X') })];
    }

    public bool NothingIsLeftWithin(TimeSpan patience)
    {
        for (var end = DateTime.UtcNow + patience; DateTime.UtcNow < end; Thread.Sleep(50))
        {
            if (Left().Length == 0)
            {
                return true;
            }
        }

        return false;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    /// <summary>In the middle of the largest mapping, which holds a piece of a file: private memory, or a segment's already.</summary>
    public static void TurnOverOneByte(int pid)
    {
        var (start, end) = File.ReadLines($"/proc/{pid}/maps")
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields[1] == "rw-p" && (fields.Length == 5 || fields[5].StartsWith("/memfd:", StringComparison.Ordinal)))
            .Select(fields => fields[0].Split('-'))
            .Select(range => (Start: Hex(range[0]), End: Hex(range[1])))
            .MaxBy(range => range.End - range.Start);
        using var memory = new FileStream($"/proc/{pid}/mem", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        var at = start + ((end - start) / 2);
        memory.Position = at;
        var value = memory.ReadByte();
        memory.Position = at;
        memory.WriteByte((byte)(value ^ 1));
    }

    private static long Hex(string text) => long.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
