namespace Samepage.Governing;

/// <summary>
/// Tells when new memory has stopped growing. ksmd merges only what it finds unchanged twice, so passes over a guest
/// that still boots are spent for nothing, and have to be made again when it is up. Not thread-safe.
/// </summary>
/// <param name="waitMax">What never stops growing is taken as it is after so long.</param>
internal sealed class Settling(TimeSpan waitMax)
{
    /// <summary>Growth is told over no less than this.</summary>
    private static readonly TimeSpan s_stretch = TimeSpan.FromSeconds(2);

    /// <summary>Of new memory, growth below this part is the everyday kind.</summary>
    private const long StillPart = 16;

    private TimeSpan? _firstSeenAt;
    private (TimeSpan At, long Bytes) _mark;

    /// <summary>There is new memory that still grows.</summary>
    public bool IsWaiting => _firstSeenAt is not null;

    /// <summary>There is no new memory (any more).</summary>
    public void Reset() => _firstSeenAt = null;

    /// <summary>Whether so much new memory, seen now, has stopped growing or was waited for long enough.</summary>
    public bool IsSettled(TimeSpan now, long newBytes)
    {
        if (_firstSeenAt is null)
        {
            (_firstSeenAt, _mark) = (now, (now, newBytes));
        }

        if (now - _mark.At < s_stretch)
        {
            return now - _firstSeenAt >= waitMax;
        }

        var grown = newBytes - _mark.Bytes;
        _mark = (now, newBytes);
        return grown <= newBytes / StillPart || now - _firstSeenAt >= waitMax;
    }
}
