using System.Globalization;
using System.Text;

namespace Samepage.Policies.Migration;

/// <summary>
/// Says what ksmtuned's configuration comes to as a policy. ksmtuned sets ksmd's pace by how short memory is: each minute
/// it adds to the pages of a turn or takes from them, between two bounds. Samepage's governor sets the pace by what the
/// next CPU-second of ksmd would save, within a budget of CPU time. So the one thing that carries over is the upper bound
/// of the pace, as CPU time; of everything else it is said why nothing takes its place.
/// </summary>
public sealed class KsmtunedMigration
{
    /// <summary>What a page costs ksmd while pages merge, the dearest that was measured (docs/performance.md).</summary>
    private const double MillisecondsPerPage = 0.008;

    private const long ReferenceKilobytes = 16L << 20;
    private readonly IReadOnlyDictionary<string, KsmtunedValue> _values;
    private readonly List<KsmtunedSetting> _settings = [];

    private KsmtunedMigration(IReadOnlyDictionary<string, KsmtunedValue> values, long hostBytes)
    {
        _values = values;
        HostBytes = hostBytes;
    }

    /// <summary>The memory of the host that it was reckoned for: ksmtuned's pause and threshold depend on it.</summary>
    public long HostBytes { get; }

    /// <summary>The settings in the order in which ksmtuned documents them; unknown ones at the end.</summary>
    public IReadOnlyList<KsmtunedSetting> Settings => _settings;

    /// <summary>CPU time of ksmd in percent of one core, at the quickest pace that ksmtuned would set.</summary>
    public double CpuBudgetPercent { get; private set; }

    /// <summary>Reads and reckons.</summary>
    /// <param name="file">What messages call the file.</param>
    /// <param name="text">Its text.</param>
    /// <param name="hostBytes">The memory of the host.</param>
    /// <exception cref="PolicyException">The text cannot be followed.</exception>
    public static KsmtunedMigration Of(string file, string text, long hostBytes)
    {
        var migration = new KsmtunedMigration(KsmtunedFile.Read(file, text), hostBytes);
        migration.Reckon();
        return migration;
    }

    /// <summary>The policy, with a comment on each setting.</summary>
    public string ToPolicy(string file)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# What {Line(file)} comes to on a host of {PolicyUnits.Text(HostBytes >> 20 << 20)}, made by 'samepage migrate ksmtuned'.\n#\n");
        text.Append("# ksmtuned sets ksmd's pace by how short memory is; Samepage by what the next CPU-second of ksmd would save, within\n# a budget. Stop ksmtuned before the daemon starts: two who set one pace undo each other's work.\n\n[governor]\n");
        foreach (var setting in Settings.Where(setting => setting.PolicyKey is not null))
        {
            Comment(text, setting);
        }

        text.Append(CultureInfo.InvariantCulture, $"cpu_budget_percent = {CpuBudgetPercent:0.0}\n\n# No counterpart:\n");
        foreach (var setting in Settings.Where(setting => setting.PolicyKey is null))
        {
            Comment(text, setting);
        }

        return text.Append("\n# No [[rule]] is needed for guests that ask for merging themselves, as QEMU does unless told otherwise (mem-merge=off).\n").ToString();
    }

    private static void Comment(StringBuilder text, KsmtunedSetting setting) =>
        text.Append(CultureInfo.InvariantCulture, $"# {setting.Name}={Line(setting.Value)}{(setting.Line is null ? " (ksmtuned's default)" : "")}: {setting.Note}\n");

    /// <summary>What stands in a comment must not end it.</summary>
    private static string Line(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter));

    private void Reckon()
    {
        var kilobytes = HostBytes >> 10;
        var sleep = Math.Max(10, Whole("KSM_SLEEP_MSEC", 10, 0) * ReferenceKilobytes / kilobytes);
        var pages = Whole("KSM_NPAGES_MAX", 1250, 1);
        var work = pages * MillisecondsPerPage;
        CpuBudgetPercent = Math.Clamp(Math.Round(100 * work / (work + sleep), 1), 0.1, 100);
        var threshold = Math.Max(Whole("KSM_THRES_CONST", 2048, 0), kilobytes * Whole("KSM_THRES_COEF", 20, 0) / 100) << 10;
        Take("KSM_NPAGES_MAX", "1250", "governor.cpu_budget_percent", string.Create(CultureInfo.InvariantCulture, $"at most {pages} pages, then {sleep} ms of sleep: at {MillisecondsPerPage * 1000:0} us a page, {CpuBudgetPercent:0.0} % of a core"));
        Take("KSM_SLEEP_MSEC", "10", "governor.cpu_budget_percent", string.Create(CultureInfo.InvariantCulture, $"for a host of 16 GiB; {sleep} ms on this one"));
        Take("KSM_MONITOR_INTERVAL", "60", null, "the daemon looks every half second to two seconds, as things require");
        foreach (var (name, value) in new[] { ("KSM_NPAGES_BOOST", "300"), ("KSM_NPAGES_DECAY", "-50"), ("KSM_NPAGES_MIN", "64") })
        {
            _ = Whole(name, 0, long.MinValue);
            Take(name, value, null, "the pace follows what ksmd's latest CPU time saved, and falls to a trickle when it has converged");
        }

        foreach (var (name, value) in new[] { ("KSM_THRES_COEF", "20"), ("KSM_THRES_CONST", "2048") })
        {
            Take(name, value, null, $"ksmtuned merges only while less than {PolicyUnits.Text(threshold >> 20 << 20)} are free; the governor merges where it pays, and what must stay available is the guard's matter ([guard] coverage_floor)");
        }

        TakeRest();
    }

    private void TakeRest()
    {
        foreach (var name in _values.Keys.Where(name => !_settings.Exists(known => known.Name == name)))
        {
            Take(name, "", null, name is "DEBUG" or "LOGFILE"
                ? "the daemon logs each decision with its reason on standard error, which the journal keeps"
                : "not known to ksmtuned");
        }
    }

    private void Take(string name, string fallback, string? key, string note)
    {
        var value = _values.GetValueOrDefault(name);
        var isDefault = value is null or { Text: "" };
        _settings.Add(new KsmtunedSetting(name, isDefault ? fallback : value!.Text, isDefault ? null : value!.Position.Line, key, note));
    }

    /// <summary>An empty value is as good as none, as in a shell's ${NAME:-default}.</summary>
    private long Whole(string name, long fallback, long least)
    {
        const long Most = 1L << 40;
        return _values.GetValueOrDefault(name) is not { Text.Length: > 0 } value ? fallback
            : value.Number is { } number && number >= least && Math.Abs((decimal)number) <= Most ? number
            : throw new PolicyException(value.Position, $"{name} must be a whole number{(least < 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" of {least} at least"))}, and is \"{value.Text}\"");
    }
}
