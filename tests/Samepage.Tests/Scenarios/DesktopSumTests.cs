using Samepage.Scenarios.Guests.Desktop;

namespace Samepage.Tests.Scenarios;

public sealed class DesktopSumTests
{
    [Fact]
    public void It_is_words_and_partial_sums() => Assert.Equal("0000000000000006000000000000000a", Sum([1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]));

    [Fact]
    public void Every_bit_counts()
    {
        var data = new byte[4096];
        var whole = Sum(data);
        for (var bit = 0; bit < data.Length * 8; bit += 61)
        {
            data[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(whole, Sum(data));
            data[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void The_order_of_words_counts_and_pieces_do_not()
    {
        byte[] data = [.. Enumerable.Range(0, 64).Select(number => (byte)number)];
        byte[] swapped = [.. data[8..16], .. data[..8], .. data[16..]];
        Assert.NotEqual(Sum(data), Sum(swapped));
        var pieces = new DesktopSum();
        pieces.Add(data.AsSpan(0, 24));
        pieces.Add(data.AsSpan(24));
        Assert.Equal(Sum(data), pieces.ToString());
    }

    private static string Sum(byte[] data)
    {
        var sum = new DesktopSum();
        sum.Add(data);
        return sum.ToString();
    }
}
