using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Samepage.Merging.User.Engine;
using Samepage.Merging.User.Protocol;

namespace Samepage.Tests.Abi;

/// <summary>What the engine reads and writes of the gate is what the gate's C means: gate.h and samepage.h, field by field.</summary>
public partial class GateAbiTests
{
    private static readonly (Type Type, string C)[] s_structs =
    [
        (typeof(GateLimits), "struct samepage_limits"),
        (typeof(GateRange), "struct samepage_range"),
        (typeof(GateRequest), "struct samepage_request"),
        (typeof(Gate), "struct samepage_gate"),
        (typeof(GateEdit), "struct samepage_edit"),
        (typeof(GateCalls), "struct samepage_gate_calls"),
        (typeof(MemberCounters), "struct samepage_statistics"),
    ];

    private static readonly AbiItem[] s_numbers =
    [
        new("version", $"SAMEPAGE_GATE_VERSION == {Gate.CurrentVersion}"),
        new("ranges", $"SAMEPAGE_RANGES_MAX == {Gate.RangesMax}"),
        new("edits", $"SAMEPAGE_EDITS_MAX == {Gate.EditsMax}"),
        new("stalls", $"SAMEPAGE_STALL_BUCKETS == {ReportBody.StallBuckets}"),
        new("domain", $"sizeof(((struct samepage_gate *)0)->domain) == {Gate.DomainBytes}"),
        new("keeper", $"sizeof(((struct samepage_gate *)0)->keeper) == {Gate.KeeperBytes}"),
        new("reason", $"sizeof(((struct samepage_gate *)0)->reason) == {ReportBody.ReasonBytes}"),
        .. Enum.GetValues<MemberState>().Select(state => new AbiItem($"state {state}", $"SAMEPAGE_STATE_{Snake($"{state}").ToUpperInvariant()} == {(uint)state}")),
        .. Enum.GetValues<GateRequestKind>().Select(kind => new AbiItem($"request {kind}", $"SAMEPAGE_REQUEST_{Snake($"{kind}").ToUpperInvariant()} == {(uint)kind}")),
    ];

    [Fact]
    public void The_compiler_agrees()
    {
        Assert.SkipUnless(AbiCompiler.IsAvailable, "gcc is not installed");
        var claims = s_structs.SelectMany(pair => AbiItem.Struct(pair.Type, pair.C, Snake)).Concat(s_numbers);
        var wrong = AbiCompiler.Check(claims, Header()).Where(pair => pair.Value.Verdict != AbiVerdict.Confirmed);
        Assert.Empty(wrong.Select(pair => $"{pair.Key}: {pair.Value.Detail}"));
    }

    /// <summary>The positive control: a struct whose fields stand in the wrong order.</summary>
    [Fact]
    public void A_field_out_of_place_is_caught()
    {
        Assert.SkipUnless(AbiCompiler.IsAvailable, "gcc is not installed");
        var verdicts = AbiCompiler.Check(AbiItem.Struct(typeof(OutOfPlace), "struct samepage_range", Snake), Header());
        Assert.Equal(
            ["OutOfPlace.End", "OutOfPlace.Start"],
            verdicts.Where(pair => pair.Value.Verdict == AbiVerdict.Wrong).Select(pair => pair.Key).Order());
    }

    private static string Snake(string name) => WordStart().Replace(name, "_$0").ToLowerInvariant();

    private static string Header([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "src", "Samepage.Native", "gate.h"));

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordStart();

#pragma warning disable CS0649 // Only the layout is looked at.
    private struct OutOfPlace
    {
        public ulong End;
        public ulong Start;
        public uint Standing;
        public uint Changes;
    }
#pragma warning restore CS0649
}
