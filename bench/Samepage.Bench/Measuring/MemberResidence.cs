using Samepage.Linux;
using Samepage.Linux.Proc;

namespace Samepage.Bench.Measuring;

/// <summary>What the engine keeps resident in a member whose memory is next to nothing.</summary>
internal static class MemberResidence
{
    private static readonly string[] s_arguments = ["256", "1", "ordered"];

    public static long Measure()
    {
        using var plain = NativeProgram.Start("pages", s_arguments);
        _ = plain.ReadLine();
        using var merging = new UserMerging("resident", isEager: false);
        using var member = NativeProgram.StartIn(merging.Environment, "pages", s_arguments);
        _ = member.ReadLine();
        _ = member.Ask("offer");
        merging.Begin([member.Pid]);
        Thread.Sleep(TimeSpan.FromSeconds(3));
        return Proportional(member.Pid) - Proportional(plain.Pid);
    }

    /// <summary>Pages that several share, such as those of libraries, count by their part.</summary>
    private static long Proportional(int pid) =>
        KeyedText.Parse(KernelFile.ReadText($"/proc/{pid}/smaps_rollup")).Bytes("Pss") ?? 0;
}
