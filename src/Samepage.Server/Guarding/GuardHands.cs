using System.Text.Json;
using Samepage.Guarding;
using Samepage.Guarding.Swapping;
using Samepage.Linux;
using Samepage.Server.Loop;
using Samepage.Targets;

namespace Samepage.Server.Guarding;

/// <summary>
/// Carries out what the guard orders, and tells each order with its reason. What may take a while (making swap, pushing
/// pages out) is done elsewhere, one thing at a time; an order that comes meanwhile is repeated by the guard where it is
/// still needed. Called from the daemon's loop only.
/// </summary>
/// <param name="log">Takes each decision.</param>
/// <param name="clock">Tells the time, without jumps.</param>
/// <param name="post">Runs work that may take a while.</param>
/// <param name="isDryRun">Only say what would be done.</param>
/// <param name="push">Pushes memory of processes out: how much went, of how many.</param>
public sealed class GuardHands(
    DecisionLog log, TimeProvider clock, Action<Action> post, bool isDryRun, Func<IReadOnlyList<TargetProcess>, long, (long Bytes, int Processes)> push) : IDisposable
{
    private static readonly TimeSpan s_repeatsToldEvery = TimeSpan.FromMinutes(1);

    private readonly HookCommand _hook = new(log);
    private readonly Dictionary<(GuardActionKind, string), long> _toldAt = [];
    private readonly long[] _counts = new long[Enum.GetValues<GuardActionKind>().Length];
    private SwapProvisioner? _swap;
    private int _isBusy;
    private long _providedBytes;

    /// <summary>Swap that Samepage provides now.</summary>
    public long ProvidedSwapBytes => Interlocked.Read(ref _providedBytes);

    /// <summary>How often each action was ordered, by its name.</summary>
    public IReadOnlyDictionary<string, long> Orders() => Enum.GetValues<GuardActionKind>()
        .ToDictionary(kind => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString()), kind => _counts[(int)kind]);

    /// <summary>From now on this provides swap; null: nobody does.</summary>
    public void Provide(SwapProvisioner? swap)
    {
        // What is under way with the one before comes to its end first.
        SpinWait.SpinUntil(() => Volatile.Read(ref _isBusy) == 0, TimeSpan.FromSeconds(10));
        _swap?.Dispose();
        _swap = swap;
        Interlocked.Exchange(ref _providedBytes, swap?.ProvidedBytes ?? 0);
        foreach (var finding in swap?.Findings ?? [])
        {
            log.Tell(LogLevel.Notice, "swap", "host", finding, "");
        }
    }

    /// <summary>Carries out an order.</summary>
    /// <param name="action">The order.</param>
    /// <param name="warning">The operator's command for warnings.</param>
    /// <param name="lowPriority">Whose pages may go.</param>
    public void Carry(GuardAction action, IReadOnlyList<string> warning, Func<IReadOnlyList<TargetProcess>> lowPriority)
    {
        _counts[(int)action.Kind]++;
        var isRepeat = IsRepeat(action);
        if (!isRepeat)
        {
            log.Tell(LevelOf(action.Kind), "guard", action.Scope, (isDryRun ? "would be: " : "") + Words(action), action.Reason);
        }

        if (isDryRun)
        {
            return;
        }

        switch (action.Kind)
        {
            case GuardActionKind.Warn:
                _hook.Start(warning, action.Scope, action.Reason);
                break;
            case GuardActionKind.ProvisionSwap:
                Begin(action, isRepeat, () => Told(_swap?.Provision(action.Bytes)));
                break;
            case GuardActionKind.WithdrawSwap:
                Begin(action, isRepeat, () => Told(_swap?.Withdraw()));
                break;
            case GuardActionKind.PageOut:
                var targets = lowPriority();
                Begin(action, isRepeat, () => PushOut(targets, action.Bytes));
                break;
            default:
                // The others are states, which ksmd's pace, the rules and admission follow.
                break;
        }
    }

    /// <summary>Swap that is on stays on: what is merged stays merged too.</summary>
    public void Dispose() => Provide(null);

    private static LogLevel LevelOf(GuardActionKind kind) =>
        kind is GuardActionKind.AllowGrowing or GuardActionKind.ClearWarning or GuardActionKind.EndPageOut or GuardActionKind.AllowAdmission or GuardActionKind.WithdrawSwap
            ? LogLevel.Notice
            : LogLevel.Warning;

    private static string Words(GuardAction action) => action.Kind switch
    {
        GuardActionKind.StopGrowing => "nothing may merge further",
        GuardActionKind.Warn => "warning",
        GuardActionKind.ProvisionSwap => $"{action.Bytes >> 20} MiB of swap are to be added",
        GuardActionKind.PageOut => $"{action.Bytes >> 20} MiB of low-priority processes are to be pushed out",
        GuardActionKind.RefuseAdmission => "no new guest is admitted",
        GuardActionKind.AllowGrowing => "merging may grow again",
        GuardActionKind.ClearWarning => "the warning is over",
        GuardActionKind.WithdrawSwap => $"{action.Bytes >> 20} MiB of swap are to be withdrawn",
        GuardActionKind.EndPageOut => "nothing more is pushed out",
        _ => "guests are admitted again",
    };

    /// <summary>Swap and page-out are ordered every few seconds while they are needed; the log hears of it once a minute.</summary>
    private bool IsRepeat(GuardAction action)
    {
        if (action.Kind is not (GuardActionKind.ProvisionSwap or GuardActionKind.PageOut or GuardActionKind.WithdrawSwap))
        {
            return false;
        }

        var key = (action.Kind, action.Scope);
        if (_toldAt.TryGetValue(key, out var told) && clock.GetElapsedTime(told) < s_repeatsToldEvery)
        {
            return true;
        }

        if (_toldAt.Count > GuardSampler.GroupsMax)
        {
            _toldAt.Clear();
        }

        _toldAt[key] = clock.GetTimestamp();
        return false;
    }

    private void Begin(GuardAction action, bool isRepeat, Func<(bool IsDone, string Text)> work)
    {
        if (Interlocked.CompareExchange(ref _isBusy, 1, 0) != 0)
        {
            return;
        }

        post(() =>
        {
            try
            {
                var (isDone, text) = work();
                Interlocked.Exchange(ref _providedBytes, _swap?.ProvidedBytes ?? 0);

                // What was done is always told; what could not be, as often as the order was.
                if (isDone || !isRepeat)
                {
                    log.Tell(isDone ? LogLevel.Notice : LogLevel.Warning, action.Kind == GuardActionKind.PageOut ? "guard" : "swap", action.Scope, text, "");
                }
            }
            catch (Exception failed) when (failed is LinuxException or IOException or UnauthorizedAccessException)
            {
                log.Trouble("guard", $"{Words(action)}, which failed", failed.Message);
            }
            finally
            {
                Volatile.Write(ref _isBusy, 0);
            }
        });
    }

    private static (bool IsDone, string Text) Told(SwapOutcome? outcome) =>
        outcome is null ? (false, "the policy allows no swap") : (outcome.IsDone, outcome.Reason);

    private (bool IsDone, string Text) PushOut(IReadOnlyList<TargetProcess> targets, long bytes)
    {
        if (targets.Count == 0)
        {
            return (false, "nothing can be pushed out: no process falls under a rule of low priority");
        }

        var (pushed, processes) = push(targets, bytes);
        return (pushed > 0, $"{pushed >> 20} MiB of {processes} processes went to swap");
    }
}
