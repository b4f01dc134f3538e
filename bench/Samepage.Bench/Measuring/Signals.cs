using System.Diagnostics;
using System.Globalization;

namespace Samepage.Bench.Measuring;

/// <summary>Signals to programs of a bench, of which .NET itself sends only the deadly one.</summary>
internal static class Signals
{
    /// <summary>Sends one, by its name without SIG; one that comes too late is lost.</summary>
    public static void Send(int pid, string name)
    {
        using var kill = Process.Start("kill", ["-" + name, pid.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
