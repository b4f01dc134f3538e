using Samepage.Linux.Interop;

namespace Samepage.Tests.Abi;

/// <summary>No constant, size or offset of the raw layer is believed until the C compiler has agreed.</summary>
public class AbiTests
{
    private static readonly Lazy<IReadOnlyDictionary<string, (AbiVerdict Verdict, string Detail)>> s_verdicts =
        new(() => AbiCompiler.Check(AbiItem.Of(typeof(Libc))));

    public static TheoryData<string> Names => [.. AbiItem.Of(typeof(Libc)).Select(item => item.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_compiler_agrees(string name)
    {
        Assert.SkipUnless(AbiCompiler.IsAvailable, "gcc is not installed");
        var (verdict, detail) = s_verdicts.Value[name];
        Assert.SkipWhen(verdict == AbiVerdict.NotInHeaders, $"not checked: the headers of this host do not know {name}");
        Assert.True(verdict == AbiVerdict.Confirmed, detail);
    }

    [Fact]
    public void Most_of_the_layer_is_checked()
    {
        Assert.SkipUnless(AbiCompiler.IsAvailable, "gcc is not installed");
        var missing = s_verdicts.Value.Where(pair => pair.Value.Verdict == AbiVerdict.NotInHeaders).Select(pair => pair.Key).ToArray();
        TestContext.Current.TestOutputHelper?.WriteLine($"not checked: {string.Join(", ", missing)}");
        Assert.True(missing.Length * 4 < s_verdicts.Value.Count, $"too much is unknown to this host's headers: {string.Join(", ", missing)}");
    }

    /// <summary>The positive control: one of everything that can be wrong, and one of each that is right.</summary>
    [Fact]
    public void What_is_wrong_is_caught()
    {
        Assert.SkipUnless(AbiCompiler.IsAvailable, "gcc is not installed");
        var verdicts = AbiCompiler.Check(AbiItem.Of(typeof(WrongOnPurpose))).ToDictionary(pair => pair.Key, pair => pair.Value.Verdict);
        var expected = new Dictionary<string, AbiVerdict>
        {
            [nameof(WrongOnPurpose.O_CLOEXEC)] = AbiVerdict.Wrong,
            [nameof(WrongOnPurpose.O_RDWR)] = AbiVerdict.Confirmed,
            [nameof(WrongOnPurpose.NO_SUCH_NAME_ANYWHERE)] = AbiVerdict.NotInHeaders,
            ["sizeof(iovec)"] = AbiVerdict.Confirmed,
            ["iovec.iov_len"] = AbiVerdict.Wrong,
            ["iovec.iov_base"] = AbiVerdict.Wrong,
            ["sizeof(pollfd)"] = AbiVerdict.Wrong,
            ["pollfd.fd"] = AbiVerdict.Confirmed,
            ["pollfd.no_such_field"] = AbiVerdict.Wrong,
            ["sizeof(no_such_struct)"] = AbiVerdict.NotInHeaders,
            ["no_such_struct.field"] = AbiVerdict.NotInHeaders,
        };
        Assert.Equal(expected.OrderBy(pair => pair.Key), verdicts.OrderBy(pair => pair.Key));
    }

#pragma warning disable CS0649, CS8981 // Only the layout is looked at, and the names are those of C.
    internal static class WrongOnPurpose
    {
        public const int O_CLOEXEC = 0x80001;
        public const int O_RDWR = 0x2;
        public const int NO_SUCH_NAME_ANYWHERE = 1;

        public struct iovec
        {
            public nuint iov_len;
            public nint iov_base;
        }

        public struct pollfd
        {
            public int fd;
            public long no_such_field;
        }

        public struct no_such_struct
        {
            public int field;
        }
    }
#pragma warning restore CS0649, CS8981
}
