using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Samepage.Server.Rules;
using Samepage.Targets;

namespace Samepage.Cli;

/// <summary>
/// Has <c>samepage enable</c> and <c>disable</c> do the work, which trace in a process that nobody kills (Custody): a
/// daemon that is killed in the middle of it disturbs no target.
/// </summary>
internal sealed class ProcessSwitch : IProcessSwitch
{
    /// <inheritdoc/>
    public IReadOnlyList<SwitchOutcome> Enable(IReadOnlyList<TargetProcess> targets) => Run(targets, "enable", "--no-start");

    /// <inheritdoc/>
    public IReadOnlyList<SwitchOutcome> Disable(IReadOnlyList<TargetProcess> targets) => Run(targets, "disable");

    private static List<SwitchOutcome> Run(IReadOnlyList<TargetProcess> targets, params string[] verb)
    {
        var pids = string.Join(',', targets.Select(target => target.Pid.ToString(CultureInfo.InvariantCulture)));
        var command = SelfProcess.Command([.. verb, "--json", "--pid", pids]);
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return TryRead(output) ?? throw new IOException($"'samepage {verb[0]}' gave no answer: {errors.GetAwaiter().GetResult().Trim()}");
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
