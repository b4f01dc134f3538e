using Samepage.Linux.Proc;
using Samepage.Scenarios;
using Samepage.Scenarios.Guests;
using Samepage.Scenarios.Workers;

namespace Samepage.SystemTests.Scenarios;

/// <summary>Programs for tests from what this machine has; tests that need what it lacks are skipped, with the reason.</summary>
internal static class Machine
{
    public const int GuestMegabytes = 128;

    private static readonly Lazy<string> s_cache = new(() =>
        Path.Combine(Path.GetTempPath(), $"samepage-test-cache-{Environment.UserName}"));

    /// <summary>Kept between runs, so that only the first one builds images.</summary>
    public static string Cache => s_cache.Value;

    public static Guest NewGuest(int number = 1, Func<GuestOptions, GuestOptions>? change = null)
    {
        var tools = GuestTools.Find(out var missing);
        if (tools is null)
        {
            Assert.Skip("no guests on this machine; missing: " + string.Join(", ", missing));
        }

        var image = GuestImage.Prepare(tools, GuestImage.SharedBytesFor(GuestMegabytes), Cache);
        var options = new GuestOptions(number, GuestMegabytes);
        return new Guest(tools, tools.Kernels[0], image, change?.Invoke(options) ?? options);
    }

    public static Worker NewWorker(string interpreterName, int number = 1)
    {
        var interpreter = WorkerInterpreter.Find().FirstOrDefault(found => found.Name == interpreterName);
        if (interpreter is null)
        {
            Assert.Skip($"{interpreterName} is not on this machine");
        }

        var files = SharedContent.Choose(16 << 20);
        return new Worker(interpreter, number, files, interpreter.Digest(files), 1 << 20);
    }

    /// <summary>Waits until a process is gone or only a zombie; false where it outlives the patience.</summary>
    public static bool IsGoneWithin(int pid, long startTicks, TimeSpan patience)
    {
        var proc = new ProcFs();
        for (var end = DateTime.UtcNow + patience; DateTime.UtcNow < end; Thread.Sleep(20))
        {
            if (ProcessStat.TryRead(proc, pid) is not { } stat || stat.StartTicks != startTicks || stat.State is 'Z' or 'X')
            {
                return true;
            }
        }

        return false;
    }
}
