using CsCheck;
using Samepage.Pages;

namespace Samepage.Tests.Pages;

public sealed class IndexTests
{
    [Fact]
    public void What_was_put_in_is_found_again_through_all_growth()
    {
        // Against a dictionary; real fingerprints are uniform, and every third one here comes twice.
        Gen.Select(Gen.Int, Gen.Int[0, 200_000]).Sample(
            (seed, count) =>
            {
                var random = new Random(seed);
                var fingerprints = new ulong[count];
                for (var i = 0; i < count; i++)
                {
                    fingerprints[i] = i % 3 == 2 ? fingerprints[random.Next(i)] : (ulong)random.NextInt64(long.MinValue, long.MaxValue);
                }

                using var index = new FingerprintIndex();
                var model = new Dictionary<ulong, int>();
                for (var i = 0; i < fingerprints.Length; i++)
                {
                    ref var entry = ref index.Find(fingerprints[i]);
                    Assert.Equal(model.TryGetValue(fingerprints[i], out var known), entry.IsUsed);
                    if (entry.IsUsed)
                    {
                        Assert.Equal(known, entry.Chunk);
                        continue;
                    }

                    entry = new ContentEntry(fingerprints[i], set: 1, chunk: i, page: i % 512);
                    index.NoteAdded();
                    model.Add(fingerprints[i], i);
                }

                Assert.Equal(model.Count, index.Count);
                return model.All(pair => index.Find(pair.Key).Chunk == pair.Value);
            },
            iter: 10);
    }

    [Fact]
    public void Neighbouring_fingerprints_wrap_around_the_end_of_the_table()
    {
        using var index = new FingerprintIndex();
        for (ulong i = 0; i < 2000; i++)
        {
            index.Find(ulong.MaxValue - i) = new ContentEntry(ulong.MaxValue - i, 0, (int)i, 0);
            index.NoteAdded();
        }

        for (ulong i = 0; i < 2000; i++)
        {
            Assert.Equal((int)i, index.Find(ulong.MaxValue - i).Chunk);
        }
    }

    [Fact]
    public void A_full_table_costs_20_bytes_a_content()
    {
        using var index = new FingerprintIndex();
        var random = new Random(3);
        long fullest = 0;
        for (var i = 0; i < 3_000_000; i++)
        {
            var fingerprint = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            ref var entry = ref index.Find(fingerprint);
            if (!entry.IsUsed)
            {
                var bytes = index.TableBytes;
                entry = new ContentEntry(fingerprint, 0, 0, 0);
                index.NoteAdded();
                fullest = index.TableBytes > bytes ? bytes / (index.Count - 1) : fullest;
            }
        }

        Assert.InRange(fullest, 16, 20);
    }

    [Fact]
    public void Entries_keep_their_parts_apart()
    {
        (from fingerprint in Gen.ULong
         from set in Gen.Int[0, (1 << 24) - 1]
         from other in Gen.Int[0, (1 << 24) - 1]
         from chunk in Gen.Int[0, (1 << 28) - 1]
         from page in Gen.Int[0, 511]
         select (fingerprint, set, other, chunk, page)).Sample(v =>
         {
             var entry = new ContentEntry(v.fingerprint, v.set, v.chunk, v.page);
             Assert.Equal((true, false, false), (entry.IsUsed, entry.IsShared, entry.IsRepeatedInTarget));
             entry.MarkRepeatedInTarget();
             entry.MarkShared();
             Assert.Equal((v.set, v.chunk, v.page, true, true), (entry.Set, entry.Chunk, entry.Page, entry.IsShared, entry.IsRepeatedInTarget));
             entry.MoveTo(v.other);
             Assert.Equal((v.other, v.chunk, v.page, true, false), (entry.Set, entry.Chunk, entry.Page, entry.IsShared, entry.IsRepeatedInTarget));
         });
    }

    [Fact]
    public void Frames_are_remembered_with_their_last_target_and_content()
    {
        Gen.Select(Gen.ULong[0, 30_000], Gen.Int[0, 5]).Array[0, 60_000].Sample(
            sightings =>
            {
                using var table = new FrameTable();
                var model = new Dictionary<ulong, (int Target, ulong Fingerprint)>();
                foreach (var (frame, target) in sightings)
                {
                    var expected = !model.TryGetValue(frame, out var known) ? FrameSighting.New
                        : known.Target == target ? FrameSighting.KnownInTarget : FrameSighting.KnownElsewhere;
                    Assert.Equal(expected, table.Observe(frame, target, out var fingerprint));
                    Assert.Equal(known.Fingerprint, fingerprint);
                    table.SetFingerprint(frame, frame * 3);
                    model[frame] = (target, frame * 3);
                }
            },
            iter: 20);
    }
}
