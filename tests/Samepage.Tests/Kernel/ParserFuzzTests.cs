using System.Diagnostics;
using CsCheck;
using Samepage.Linux.Proc;

namespace Samepage.Tests.Kernel;

/// <summary>
/// Whatever text comes: a parser answers or throws FormatException, nothing else, and soon. Texts are arbitrary, or
/// real ones with pieces cut, doubled, swapped for extreme numbers or strewn with odd characters.
/// </summary>
public class ParserFuzzTests
{
    private static readonly string[] s_seeds =
    [
        "42 (a) (b c) S 1 42 42 0 -1 4194560 1 0 0 0 7 9 0 0 20 0 1 0 12345 0 0",
        KernelFileText("/proc/self/stat"), KernelFileText("/proc/self/status"), KernelFileText("/proc/meminfo"),
        KernelFileText("/proc/self/maps"), KernelFileText("/proc/self/smaps")[..4_000],
        "ksm_rmap_items 1744\nksm_zero_pages 3017\nksm_merging_pages 2\nksm_process_profit -12254208\nksm_merge_any: yes\n",
    ];

    private static readonly string[] s_shards =
    [
        "", " ", "\n", "\t", ":", "(", ")", "\0", "-", "+", "\u00a0", "\u0663", "\ud800", "0x10", "-1", "18446744073709551615",
        "9223372036854775808", "99999999999999999999999999999", "4294967296", "1e9", "kB", "yes", "NaN", "VmFlags: h", "ffffffffffffffff-0 rw-p 0 0 0", "0-ffffffffffffffff rwxp 0 0:0 0",
    ];

    private static readonly Gen<string> s_texts = Gen.OneOf(
        Gen.String,
        Gen.String[Gen.Char[" :\n()0123456789-kBS\t"], 0, 200],
        Gen.Select(OneOf(s_seeds), Gen.Select(Gen.Int[0, 5_000], Gen.Int[0, 12], OneOf(s_shards)).Array[0, 8], Mutate));

    [Fact]
    public void Stat_lines() => Check(text => ProcessStat.Parse(text));

    [Fact]
    public void Status_texts() => Check(text => ProcessStatus.Parse(text), mayThrow: false);

    [Fact]
    public void Merging_texts() => Check(text => KsmStat.Parse(text), mayThrow: false);

    [Fact]
    public void Memory_texts() => Check(text => MemInfo.Parse(text), mayThrow: false);

    [Fact]
    public void Mapping_texts() => Check(text =>
    {
        foreach (var region in Smaps.Parse(System.Text.Encoding.UTF8.GetBytes(text)))
        {
            _ = (region.Bytes, region.Has("ht"), region.Path.Length);
        }
    });

    [Fact]
    public void Keyed_texts() => Check(
        text =>
        {
            var keyed = KeyedText.Parse(text);
            foreach (var key in new[] { "MemTotal", "Uid", "42", "ksm_rmap_items", "" })
            {
                _ = (keyed.Number(key), keyed.Int(key), keyed.Bytes(key), keyed.Text(key));
            }
        },
        mayThrow: false);

    /// <summary>The positive control: the harness catches a parser that overflows.</summary>
    [Fact]
    public void A_parser_that_overflows_is_caught() =>
        Assert.ThrowsAny<Exception>(() => Check(text => int.Parse(text.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)));

    private static void Check(Action<string> parse, bool mayThrow = true) => s_texts.Sample(
        text =>
        {
            var start = Stopwatch.GetTimestamp();
            try
            {
                parse(text);
            }
            catch (FormatException) when (mayThrow)
            {
            }

            return Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(2);
        },
        iter: 20_000, threads: 1);

    private static Gen<string> OneOf(string[] texts) => Gen.Int[0, texts.Length - 1].Select(index => texts[index]);

    private static string Mutate(string seed, (int At, int Length, string Shard)[] wounds)
    {
        foreach (var (at, length, shard) in wounds)
        {
            var start = seed.Length == 0 ? 0 : at % seed.Length;
            seed = seed[..start] + shard + seed[Math.Min(seed.Length, start + length)..];
        }

        return seed;
    }

    private static string KernelFileText(string path) => Samepage.Linux.KernelFile.ReadText(path);
}
