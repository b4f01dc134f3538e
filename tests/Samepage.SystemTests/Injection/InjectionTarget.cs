using Samepage.Linux.Proc;
using Samepage.Targets;

namespace Samepage.SystemTests.Injection;

/// <summary>Short ways for the tests of the injector.</summary>
internal static class InjectionTarget
{
    /// <summary>The live process file system.</summary>
    public static ProcFs Proc { get; } = new();

    /// <summary>Names a process for the library.</summary>
    public static TargetProcess Of(int pid)
    {
        var stat = ProcessStat.TryRead(Proc, pid) ?? throw new InvalidOperationException($"process {pid} is gone");
        return new TargetProcess(pid, stat.StartTicks, stat.Name);
    }

    /// <summary>Whether the kernel says that a process is opted in; read through any of its threads.</summary>
    public static bool IsOptedIn(int pid) => KsmStat.TryRead(Proc, pid)?.MergeAny == true;

    /// <summary>Waits until a thread shows one of the states given.</summary>
    public static void AwaitState(int pid, string states)
    {
        for (var i = 0; i < 1000; i++)
        {
            if (ProcessStat.TryRead(Proc, pid) is { } stat && states.Contains(stat.State))
            {
                return;
            }

            Thread.Sleep(5);
        }

        Assert.Fail($"process {pid} never came into a state of {states}");
    }
}
