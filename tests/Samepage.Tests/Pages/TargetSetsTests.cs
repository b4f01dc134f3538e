using CsCheck;
using Samepage.Pages;

namespace Samepage.Tests.Pages;

public sealed class TargetSetsTests
{
    [Fact]
    public void Contents_end_in_the_set_of_exactly_their_targets()
    {
        Gen.Int[1, 63].Array[0, 300].Sample(contents =>
        {
            var sets = Build(contents, new TargetSets());
            var found = new Dictionary<int, long>();
            sets.ForEach((members, count) =>
            {
                var mask = 0;
                foreach (var member in members)
                {
                    mask |= 1 << member;
                }

                found.Add(mask, count);
            });
            var expected = contents.GroupBy(mask => mask).ToDictionary(group => group.Key, group => (long)group.Count());
            Assert.Equal(expected, found);
            Assert.False(sets.IsTruncated);
        });
    }

    [Fact]
    public void Beyond_the_limit_every_saved_frame_is_still_credited_once()
    {
        Gen.Select(Gen.Int[1, 63].Array[0, 300], Gen.Int[1, 12]).Sample((contents, limit) =>
        {
            var sets = Build(contents, new TargetSets(limit));
            double credited = 0;
            sets.ForEach((members, count) => credited += count * (members.Length - 1.0));
            for (var target = 0; target < 6; target++)
            {
                credited += sets.OverflowSteps(target);
            }

            Assert.Equal(contents.Sum(mask => System.Numerics.BitOperations.PopCount((uint)mask) - 1.0), credited);
        });
    }

    /// <summary>Each content is the mask of its targets; targets come one after the other, as in a look.</summary>
    private static TargetSets Build(int[] contents, TargetSets sets)
    {
        var current = new int[contents.Length];
        Array.Fill(current, -1);
        for (var target = 0; target < 6; target++)
        {
            for (var i = 0; i < contents.Length; i++)
            {
                if ((contents[i] >> target & 1) == 1)
                {
                    current[i] = current[i] < 0 ? sets.Add(target) : sets.Extend(current[i], target);
                    Assert.Equal(target, sets.LastTarget(current[i]));
                }
            }
        }

        return sets;
    }
}
