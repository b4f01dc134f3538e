using Samepage.Bench.Measuring;
using Samepage.Bench.Peers;
using Samepage.Governing;
using Samepage.Linux.Sys;

namespace Samepage.Bench.Contest;

/// <summary>Someone who takes part.</summary>
/// <param name="Name">For options and files.</param>
/// <param name="Title">For tables.</param>
internal sealed record Contender(string Name, string Title)
{
    /// <summary>All of them, in the order of the tables.</summary>
    public static IReadOnlyList<Contender> All { get; } =
    [
        new("none", "no merging"),
        new("default", "ksmd as it comes"),
        new("fast", "ksmd at 50,000 pages, 20 ms"),
        new("advisor", "the kernel's scan-time advisor"),
        new("ksmtuned", "ksmtuned"),
        new("kernel", "Samepage, kernel engine"),
        new("user", "Samepage, user engine"),
    ];

    /// <summary>The title of a name.</summary>
    public static string TitleOf(string name) => All.FirstOrDefault(contender => contender.Name == name)?.Title ?? name;

    /// <summary>Whether there is something of it that this machine lacks; null where all is there.</summary>
    public static string? Lacks(string name) => name switch
    {
        "ksmtuned" when KsmtunedPeer.Script() is null => "ksmtuned is not to be had from apt",
        "advisor" when !File.Exists("/sys/kernel/mm/ksm/advisor_mode") => "this kernel has no advisor (before 6.8)",
        "none" or "user" => null,
        _ when !new KsmSysfs().Exists => "this kernel has no KSM",
        _ => null,
    };

    /// <summary>Those of these names, in the order of the tables.</summary>
    public static IEnumerable<string> InOrder(IEnumerable<string> names) => All.Select(contender => contender.Name).Intersect(names);

    /// <summary>Who is to take part, by --peers.</summary>
    /// <exception cref="BenchUsageException">One of them does not exist.</exception>
    public static string[] Chosen(BenchOptions options, string otherwise)
    {
        var names = options.Text("--peers", otherwise).Split(',');
        return names.FirstOrDefault(name => All.All(contender => contender.Name != name)) is { } unknown
            ? throw new BenchUsageException($"there is no peer '{unknown}'")
            : names;
    }

    /// <summary>Gives one its turn, before and after which ksmd knows nothing and stands still.</summary>
    public static T HaveTurn<T>(string name, SavedSettings settings, KsmSysfs ksm, Func<IPausableMerging, T> turn)
    {
        // Also puts all of them on record, before a peer writes them behind our back.
        KsmdRest.Forget(settings, ksm);
        try
        {
            using var engine = Create(name, settings, ksm);
            return turn(engine);
        }
        finally
        {
            KsmdRest.Forget(settings, ksm);
        }
    }

    /// <summary>Makes one ready for a fleet that is yet to start.</summary>
    private static IPausableMerging Create(string name, SavedSettings settings, KsmSysfs ksm) => name switch
    {
        "none" => new NoMerging(),
        "user" => new UserMerging("peers", isEager: false),
        _ => new PacedMerging(Pace(name, settings), ksm),
    };

    private static IPeer Pace(string name, SavedSettings settings) => name switch
    {
        "default" => new SettingsPeer(name, settings, ("pages_to_scan", "100"), ("sleep_millisecs", "20")),
        "fast" => new SettingsPeer(name, settings, ("pages_to_scan", "50000"), ("sleep_millisecs", "20")),
        "advisor" => new SettingsPeer(name, settings, ("advisor_mode", "scan-time")),
        "ksmtuned" => new KsmtunedPeer(settings),
        "kernel" => new DaemonPeer(settings, BenchOptions.LogPath("peers")),
        _ => throw new InvalidOperationException($"there is no peer '{name}'"),
    };
}
