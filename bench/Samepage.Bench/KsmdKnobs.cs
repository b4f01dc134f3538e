using Samepage.Linux.Sys;

namespace Samepage.Bench;

/// <summary>
/// ksmd's settings as they stood, put back at the end: also those that a peer wrote for itself and was then ended before
/// it could take back, which nobody has on record.
/// </summary>
internal sealed class KsmdKnobs : IDisposable
{
    /// <summary>In the order in which they can be put back: the pace is refused while the advisor is on.</summary>
    private static readonly string[] s_names = ["pages_to_scan", "sleep_millisecs", "smart_scan", "advisor_mode", "run"];

    private readonly KsmSysfs _ksm = new();
    private readonly List<(string File, string Value)> _before;

    public KsmdKnobs() => _before = [.. s_names.Select(name => Path.Combine(_ksm.Root, name)).Where(File.Exists).Select(file => (file, Read(file)))];

    public void Dispose()
    {
        var advisor = Path.Combine(_ksm.Root, "advisor_mode");
        if (File.Exists(advisor) && Read(advisor) != "none")
        {
            File.WriteAllText(advisor, "none");
        }

        foreach (var (file, value) in _before.Where(knob => Read(knob.File) != knob.Value))
        {
            File.WriteAllText(file, value);
        }
    }

    /// <summary>A file that lists its choices has the one in force in brackets.</summary>
    private static string Read(string file)
    {
        var text = File.ReadAllText(file).Trim();
        return text.Contains('[', StringComparison.Ordinal) ? text.Split('[', ']')[1] : text;
    }
}
