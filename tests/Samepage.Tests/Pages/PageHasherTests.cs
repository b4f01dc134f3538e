using System.Numerics;
using System.Runtime.Intrinsics.X86;
using Samepage.Linux.Memory;
using Samepage.Pages;

namespace Samepage.Tests.Pages;

public sealed unsafe class PageHasherTests : IDisposable
{
    private readonly AnonymousMemory _page = new(4096, hugePages: false);
    private readonly AnonymousMemory _key = new(4096, hugePages: false);
    private readonly PageHasher _hasher = new();

    public PageHasherTests()
    {
        new Random(1).NextBytes(new Span<byte>(_page.Data, 4096));
        new Random(2).NextBytes(new Span<byte>(_key.Data, 4096));
    }

    public void Dispose()
    {
        _page.Dispose();
        _key.Dispose();
        _hasher.Dispose();
    }

    [Fact]
    public void All_widths_give_the_value_of_the_plain_definition()
    {
        var expected = PageHasher.SumPortable(_page.Data, _key.Data);
        Assert.Equal(PlainSum(), expected);
        Assert.SkipUnless(Pclmulqdq.IsSupported, "this processor has no carry-less multiplication");
        Assert.Equal(expected, PageHasher.Sum128(_page.Data, _key.Data));
        Assert.SkipUnless(Pclmulqdq.V256.IsSupported, "this processor has no VPCLMULQDQ; the 128-bit form was checked");
        Assert.Equal(expected, PageHasher.Sum256(_page.Data, _key.Data));
        Assert.SkipUnless(Pclmulqdq.V512.IsSupported, "this processor has no AVX-512; 128 and 256 bits were checked");
        Assert.Equal(expected, PageHasher.Sum512(_page.Data, _key.Data));
    }

    [Fact]
    public void Every_single_bit_counts()
    {
        var seen = new HashSet<ulong> { _hasher.Fingerprint(_page.Data) };
        for (var bit = 0; bit < 4096 * 8; bit++)
        {
            _page.Data[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.True(seen.Add(_hasher.Fingerprint(_page.Data)), $"bit {bit} does not count");
            _page.Data[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    [Fact]
    public void A_key_is_drawn_for_each_run()
    {
        using var other = new PageHasher();
        Assert.NotEqual(_hasher.Fingerprint(_page.Data), other.Fingerprint(_page.Data));
    }

    [Fact]
    public void Zeros_are_known()
    {
        new Span<byte>(_page.Data, 4096).Clear();
        Assert.Equal(_hasher.ZeroFingerprint, _hasher.Fingerprint(_page.Data));
    }

    [Fact]
    public void Fingerprints_of_similar_pages_fill_the_index_evenly()
    {
        // Pages that differ in a counter only: the worst that real programs offer. The home slot comes from the top bits.
        new Span<byte>(_page.Data, 4096).Clear();
        var buckets = new int[256];
        const int pages = 256 * 64;
        for (var i = 0; i < pages; i++)
        {
            *(int*)_page.Data = i;
            buckets[_hasher.Fingerprint(_page.Data) >> 56]++;
        }

        // The hash is affine in a counter that stays within one word: over 14 bits of counter and 8 of bucket its rank is
        // 8 (64 pages a bucket) for most keys, 7 (128) for one key in 127, 6 (256) for one in 10^5, less for one in 10^8.
        Assert.InRange(buckets.Max(), 64, 256);
    }

    [Fact]
    public void Hashing_allocates_nothing()
    {
        var fingerprints = new ulong[1];
        _hasher.Fingerprint(_page.Data, fingerprints);
        Assert.Equal(0, Allocation.LeastBytes(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                _hasher.Fingerprint(_page.Data, fingerprints);
            }
        }));
    }

    /// <summary>The definition, by big integers: XOR of polynomial products of keyed word pairs.</summary>
    private System.Runtime.Intrinsics.Vector128<ulong> PlainSum()
    {
        BigInteger sum = 0;
        var page = (ulong*)_page.Data;
        var key = (ulong*)_key.Data;
        for (var i = 0; i < 512; i += 2)
        {
            var left = page[i] ^ key[i];
            var right = page[i + 1] ^ key[i + 1];
            for (var bit = 0; bit < 64; bit++)
            {
                sum ^= (right >> bit & 1) == 1 ? new BigInteger(left) << bit : 0;
            }
        }

        return System.Runtime.Intrinsics.Vector128.Create((ulong)(sum & ulong.MaxValue), (ulong)(sum >> 64));
    }
}
