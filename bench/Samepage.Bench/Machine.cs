using System.Globalization;
using Samepage.Linux.Proc;

namespace Samepage.Bench;

/// <summary>Where a bench runs, and the executable under test.</summary>
internal static class Machine
{
    /// <summary>The processor, with its family, model and stepping, as hypervisors like to hide the rest.</summary>
    public static string Cpu
    {
        get
        {
            string Field(string name) => File.ReadLines("/proc/cpuinfo")
                .FirstOrDefault(line => line.StartsWith(name + "\t", StringComparison.Ordinal))?.Split(':', 2)[1].Replace("(R)", "", StringComparison.Ordinal).Trim() ?? "?";
            return $"{Field("model name")} family {Field("cpu family")} model {Field("model")}";
        }
    }

    /// <summary>The kernel's release.</summary>
    public static string Kernel => File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    /// <summary>Its memory.</summary>
    public static long MemoryBytes => KeyedText.Parse(File.ReadAllText("/proc/meminfo")).Bytes("MemTotal") ?? 0;

    /// <summary>The checkout: the nearest folder above with the solution in it.</summary>
    public static string Root
    {
        get
        {
            var at = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(at, "Samepage.slnx")))
            {
                at = Path.GetDirectoryName(at) ?? throw new InvalidOperationException("run a bench from a checkout");
            }

            return at;
        }
    }

    /// <summary>The native executable, built when it is older than the sources.</summary>
    public static string SamepageBinary
    {
        get
        {
            if (Environment.GetEnvironmentVariable("SAMEPAGE_BIN") is { Length: > 0 } given)
            {
                return given;
            }

            _ = NativeProgram.Cost(Path.Combine(Root, "samepage"), "--version");
            return Path.Combine(Root, "artifacts", "samepage", "samepage");
        }
    }
}

/// <summary>What a finished process cost.</summary>
internal sealed record Cost(double CpuSeconds, double WallSeconds, long PeakRssBytes, string Output)
{
    public static Cost Parse(string line, string output)
    {
        var words = line.Split(' ');
        return new Cost(
            double.Parse(words[1], CultureInfo.InvariantCulture),
            double.Parse(words[2], CultureInfo.InvariantCulture),
            long.Parse(words[3], CultureInfo.InvariantCulture),
            output);
    }
}

/// <summary>The arithmetic of repetitions.</summary>
internal static class Statistics
{
    public static double Median(IEnumerable<double> values) => Percentile(values, 50);

    /// <summary>The median, that of two in the middle being halfway between them.</summary>
    public static double Middle(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The nearest-rank percentile.</summary>
    public static double Percentile(IEnumerable<double> values, double percent)
    {
        var sorted = values.Order().ToArray();
        return sorted[Math.Max(0, (int)Math.Ceiling(percent / 100 * sorted.Length) - 1)];
    }
}
