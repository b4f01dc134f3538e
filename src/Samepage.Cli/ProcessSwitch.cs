using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Samepage.Server.Rules;
using Samepage.Targets;

namespace Samepage.Cli;

/// <summary>
/// Has <c>samepage enable</c> and <c>disable</c> do the work in a process that nobody kills (<see cref="Custody"/>): a
/// daemon that is killed in the middle of it disturbs no target. Thread-safe.
/// </summary>
internal sealed class ProcessSwitch : IProcessSwitch
{
    private readonly Lock _gate = new();
    private Process? _atWork;
    private bool _isEnding;

    /// <inheritdoc/>
    public IReadOnlyList<SwitchOutcome> Enable(IReadOnlyList<TargetProcess> targets) => Run(targets, "enable", "--no-start");

    /// <inheritdoc/>
    public IReadOnlyList<SwitchOutcome> Disable(IReadOnlyList<TargetProcess> targets) => Run(targets, "disable");

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _isEnding = true;
            _atWork?.StandardInput.Close();
        }
    }

    private List<SwitchOutcome> Run(IReadOnlyList<TargetProcess> targets, params string[] verb)
    {
        var pids = string.Join(',', targets.Select(target => target.Pid.ToString(CultureInfo.InvariantCulture)));
        var command = SelfProcess.Command([.. verb, "--json", "--pid", pids]);
        var start = Custody.Behind(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true });
        using var process = Start(start);
        try
        {
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return TryRead(output) ?? throw new IOException($"'samepage {verb[0]}' gave no answer: {errors.GetAwaiter().GetResult().Trim()}");
        }
        finally
        {
            lock (_gate)
            {
                _atWork = null;
            }
        }
    }

    private Process Start(ProcessStartInfo start)
    {
        lock (_gate)
        {
            return _isEnding ? throw new IOException("the daemon ends") : _atWork = Process.Start(start)!;
        }
    }

    private static List<SwitchOutcome>? TryRead(string output)
    {
        try
        {
            return JsonSerializer.Deserialize(output, Commands.OptInJson.Default.OptInDocument)?.Targets
                .Select(entry => new SwitchOutcome(entry.Pid, entry.Outcome is "done" or "already", entry.Outcome == "already", Reason(entry))).ToList();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Reason(Commands.OptInEntry entry) => entry is { Outcome: "done", Stops: > 0 }
        ? string.Create(CultureInfo.InvariantCulture, $"stood still for {entry.StoppedMicroseconds:0} us")
        : entry.Reason;
}
