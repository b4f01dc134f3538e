using System.Globalization;

namespace Workers;

/// <summary>What a worker says of itself: bytes loaded, its share of memory in bytes, pages merged, and whether its data is what it was.</summary>
internal readonly record struct Line(long Loaded, long Share, long Merged, bool IsIntact)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Loaded} {Share} {Merged} {(IsIntact ? 1 : 0)}");

    public static Line Parse(string text)
    {
        var numbers = text.Split(' ').Select(word => long.Parse(word, CultureInfo.InvariantCulture)).ToArray();
        return new Line(numbers[0], numbers[1], numbers[2], numbers[3] != 0);
    }
}
