using Samepage.Guarding;

namespace Samepage.Tests.Guarding;

/// <summary>
/// A host whose guests share merged pages, and break them: available memory goes first, then swap as fast as the disk
/// is, then the kernel kills. What waits for memory shows as pressure.
/// </summary>
internal sealed class SimulatedMemory(int seed)
{
    public const long Mebibyte = 1L << 20;
    private const double StepSeconds = 0.1;
    private readonly Random _random = new(seed);
    private double _pressure, _waiting, _toBreak, _provisionedIn = double.MaxValue;
    private long _provisionPending, _cold = 2_000;
    private bool _isGrowing = true;

    public double Seconds { get; private set; }

    /// <summary>In MiB, like everything here.</summary>
    public double Available { get; set; } = 3_000;

    public double Saved { get; private set; } = 2_500;

    public double SwapTotal { get; private set; }

    public double SwapUsed { get; private set; }

    /// <summary>What Samepage may add.</summary>
    public double SwapCap { get; init; } = 6_000;

    public double SwapSpeed { get; init; } = 200;

    /// <summary>How much a pass merges further, each second.</summary>
    public double Growth { get; init; } = 20;

    public bool IsAdmissionOpen { get; private set; } = true;

    public int OomKills { get; private set; }

    public GuardScope Host => new(
        "host", true, (long)Saved * Mebibyte, (long)Available * Mebibyte, (long)(SwapTotal - SwapUsed) * Mebibyte, _pressure);

    public GuardSample Sample() => new(TimeSpan.FromSeconds(Seconds), [Host], (long)SwapTotal * Mebibyte);

    /// <summary>All merged pages of a guest are written at once.</summary>
    public void Break(double mebibytes) => _toBreak += Math.Min(mebibytes, Saved - _toBreak);

    /// <summary>A program ends and gives back what it had, from swap first.</summary>
    public void Release(double mebibytes)
    {
        var swapped = Math.Min(SwapUsed, mebibytes / 2);
        (SwapUsed, Available) = (SwapUsed - swapped, Available + mebibytes - swapped);
    }

    public void Allocate(double mebibytes)
    {
        if (IsAdmissionOpen)
        {
            Take(mebibytes);
        }
    }

    public void Apply(IEnumerable<GuardAction> actions)
    {
        foreach (var action in actions)
        {
            switch (action.Kind)
            {
                case GuardActionKind.StopGrowing or GuardActionKind.AllowGrowing:
                    _isGrowing = action.Kind == GuardActionKind.AllowGrowing;
                    break;
                case GuardActionKind.RefuseAdmission or GuardActionKind.AllowAdmission:
                    IsAdmissionOpen = action.Kind == GuardActionKind.AllowAdmission;
                    break;
                case GuardActionKind.ProvisionSwap:
                    (_provisionPending, _provisionedIn) = (action.Bytes / Mebibyte, Math.Min(_provisionedIn, 1));
                    break;
                case GuardActionKind.PageOut:
                    PageOut(action.Bytes / Mebibyte);
                    break;
                case GuardActionKind.WithdrawSwap when SwapUsed < Available - 256:
                    (Available, SwapTotal, SwapUsed) = (Available - SwapUsed, 0, 0);
                    break;
            }
        }
    }

    public void Step()
    {
        Seconds += StepSeconds;
        Swap();
        if (_isGrowing)
        {
            var grown = Growth * StepSeconds;
            (Saved, Available) = (Saved + grown, Available + grown);
        }

        var broken = Math.Min(_toBreak, (1_000 + _random.Next(1_000)) * StepSeconds);
        if (broken > 0 && _waiting <= 0)
        {
            (_toBreak, Saved) = (_toBreak - broken, Saved - broken);
            Take(broken);
        }

        Wait();
    }

    private void Take(double mebibytes)
    {
        var free = Math.Min(mebibytes, Available);
        Available -= free;
        _waiting += mebibytes - free;
    }

    /// <summary>Who waits for memory gets it by pages that go to swap; where there is none left, somebody is killed.</summary>
    private void Wait()
    {
        var isStalled = _waiting > 0;
        if (isStalled)
        {
            var out1 = Math.Min(Math.Min(_waiting, SwapSpeed * StepSeconds), SwapTotal - SwapUsed);
            (_waiting, SwapUsed) = (_waiting - out1, SwapUsed + out1);
            if (_waiting > 0 && SwapTotal - SwapUsed < 1)
            {
                OomKills++;
                (_waiting, Available) = (0, Available + 1_000);
            }
        }

        // avg10 of PSI.
        _pressure += ((isStalled ? 100 : 0) - _pressure) * StepSeconds / 10;
    }

    private void Swap()
    {
        _provisionedIn -= StepSeconds;
        if (_provisionedIn <= 0)
        {
            SwapTotal = Math.Min(SwapCap, SwapTotal + _provisionPending);
            (_provisionPending, _provisionedIn) = (0, double.MaxValue);
        }
    }

    private void PageOut(long mebibytes)
    {
        var out1 = Math.Min(Math.Min(mebibytes, _cold), (long)(SwapTotal - SwapUsed));
        (_cold, SwapUsed, Available) = (_cold - out1, SwapUsed + out1, Available + out1);
    }
}
