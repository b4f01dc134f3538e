using Samepage.Bench.FiftyTwo;
using Samepage.Bench.Reporting;

namespace Samepage.Bench.Quoting;

/// <summary>What pages quote of the runs of the scenario fifty-two.</summary>
internal static class FiftyTwoQuotes
{
    public static TextTable Table(FiftyTwoResult result) => result.Table(
        Title, "", "guests up", "verified", "killed", "peak, GB", "most in swap, GB", "saved, GB", "of what can be", "CPU of merging, s", "time, s");

    public static TextTable TableInChinese(FiftyTwoResult result) => result.Table(
        TitleInChinese, "", "启动的虚拟机", "校验通过", "被内核杀死", "内存峰值，GB", "交换区峰值，GB", "已省，GB", "已省 / 可省", "合并所用 CPU，秒", "用时，秒");

    public static string Stops(FiftyTwoResult result) => result.Stops(Title);

    private static string Title(string run) => run switch
    {
        "user" => "user engine",
        "kernel" => "kernel engine",
        "control" => "without merging",
        "user-full" => "user engine, beyond",
        "kernel-full" => "kernel engine, beyond",
        _ => run,
    };

    private static string TitleInChinese(string run) => run switch
    {
        "user" => "用户引擎",
        "kernel" => "内核引擎",
        "control" => "不合并",
        "user-full" => "用户引擎，直到装满",
        "kernel-full" => "内核引擎，直到装满",
        _ => run,
    };
}
