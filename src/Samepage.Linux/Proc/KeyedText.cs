using System.Globalization;

namespace Samepage.Linux.Proc;

/// <summary>
/// The "Key: value unit" lines of /proc/PID/status, /proc/meminfo, ksm_stat and their kin. Lines without a separator
/// are skipped: newer kernels may add whatever they like.
/// </summary>
public sealed class KeyedText
{
    private readonly Dictionary<string, string> _values = [];

    /// <summary>Reads lines of the form "key: value" or "key value".</summary>
    public static KeyedText Parse(string text)
    {
        var result = new KeyedText();
        foreach (var line in text.Split('\n'))
        {
            var separator = line.AsSpan().IndexOfAny(':', ' ');
            if (separator > 0)
            {
                result._values.TryAdd(line[..separator], line[(separator + 1)..].Trim());
            }
        }

        return result;
    }

    /// <summary>The text behind a key, or null.</summary>
    public string? Text(string key) => _values.GetValueOrDefault(key);

    /// <summary>The first number behind a key, without its unit, or null where there is none.</summary>
    public long? Number(string key)
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        var first = text.AsSpan();
        var blank = first.IndexOfAny(' ', '\t');
        first = blank < 0 ? first : first[..blank];
        return long.TryParse(first, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>The same as an int; a number that is none counts as missing.</summary>
    public int? Int(string key) => Number(key) is { } number and >= int.MinValue and <= int.MaxValue ? (int)number : null;

    /// <summary>A number given in kB, in bytes; null where there is none or it would not fit.</summary>
    public long? Bytes(string key) =>
        Number(key) is { } number and >= long.MinValue / 1024 and <= long.MaxValue / 1024 ? number * 1024 : null;
}
