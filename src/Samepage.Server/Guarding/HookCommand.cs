using System.ComponentModel;
using System.Diagnostics;
using Samepage.Server.Loop;

namespace Samepage.Server.Guarding;

/// <summary>
/// Runs the operator's command where a warning is given: without a shell, nothing to read, at most one at a time, and
/// ended after ten seconds. SAMEPAGE_SCOPE and SAMEPAGE_REASON tell it what it is about.
/// </summary>
/// <param name="log">Told where it does not work.</param>
internal sealed class HookCommand(DecisionLog log)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private int _isRunning;

    /// <summary>Starts it and does not wait.</summary>
    public void Start(IReadOnlyList<string> command, string scope, string reason)
    {
        if (command.Count == 0 || Interlocked.CompareExchange(ref _isRunning, 1, 0) != 0)
        {
            return;
        }

        var thread = new Thread(() =>
        {
            Run(command, scope, reason);
            Volatile.Write(ref _isRunning, 0);
        }, maxStackSize: 256 << 10)
        { IsBackground = true, Name = "hook" };
        thread.Start();
    }

    private void Run(IReadOnlyList<string> command, string scope, string reason)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardInput = true };
        start.Environment["SAMEPAGE_SCOPE"] = scope;
        start.Environment["SAMEPAGE_REASON"] = reason;
        try
        {
            using var hook = Process.Start(start)!;
            hook.StandardInput.Close();
            if (!hook.WaitForExit(s_patience))
            {
                hook.Kill();
                log.Trouble("guard", "the warning command was ended", $"{command[0]} ran for longer than {s_patience.TotalSeconds:0} s");
            }
            else if (hook.ExitCode != 0)
            {
                log.Trouble("guard", "the warning command failed", FormattableString.Invariant($"{command[0]} ended with status {hook.ExitCode}"));
            }
        }
        catch (Exception failed) when (failed is Win32Exception or InvalidOperationException or IOException)
        {
            log.Trouble("guard", "the warning command cannot be run", $"{command[0]}: {failed.Message}");
        }
    }
}
