using System.IO.Compression;
using System.Text;
using Samepage.Governing;
using Samepage.Policies;
using Samepage.Server.History;
using Samepage.Server.History.Recording;
using Samepage.Tests.Governing.Simulated;

namespace Samepage.Tests.History;

/// <summary>What is recorded is replayed, without secrets, and strangers' records are not believed.</summary>
public sealed class RecordTests : IDisposable
{
    private readonly HistoryRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void History_and_samples_come_back_as_they_went_in()
    {
        var begin = _rig.Now;
        _rig.Steps(100, 42);
        var samples = Enumerable.Range(0, 50).Select(i => new HostSample(TimeSpan.FromSeconds(i * 0.5), i, i * 1000, 7, 9, -5, null, 1.5, 2.5, 1 << 30, 1L << 34, 1 << 20, 3, IsGrowthHeld: i % 2 == 0, BusyCpuNanoseconds: i * 11, Processors: 3, SleepMilliseconds: 20)).ToList();
        using var record = HostRecord.Open(Write(Policy.Default, samples));
        Assert.Equal(samples, record.Samples().Select(sample => sample.ToSample()));
        using var reader = record.OpenHistory()!;
        Assert.Equal((begin, begin + 1000), reader.Span());
        Assert.Equal([42.0], HistoryRig.Series(reader.Read(new HistoryQuery(begin, begin + 1000, 200, null), _rig.Now), "saved_bytes").OfType<double>().Distinct());
        Assert.Empty(Directory.GetDirectories(Path.GetTempPath(), "samepage-replay-*"));
    }

    [Fact]
    public void Arguments_of_commands_stay_at_home()
    {
        var policy = Policy.Default with { Guard = Policy.Default.Guard with { WarningCommand = ["/usr/bin/curl", "-H", "Authorization: Bearer s3cret"] } };
        using var archive = ZipFile.OpenRead(Write(policy, []));
        Assert.Equal(["doctor.json", "policy.toml", "record.json"], archive.Entries.Select(entry => entry.FullName).Order(StringComparer.Ordinal));
        foreach (var entry in archive.Entries)
        {
            using var text = new StreamReader(entry.Open());
            Assert.DoesNotContain("s3cret", text.ReadToEnd(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("no archive at all", null, null)]
    [InlineData(null, "record.json", "{}")]
    [InlineData(null, "record.json", "{\"schema\": \"samepage.record/99\"}")]
    [InlineData(null, "other.json", "{}")]
    public void What_is_no_record_is_refused_in_one_line(string? text, string? entry, string? content)
    {
        var path = Path.Combine(_rig.Root, "file");
        File.WriteAllText(path, text ?? "");
        if (text is null)
        {
            File.Delete(path);
            using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
            using var stream = archive.CreateEntry(entry!).Open();
            stream.Write(Encoding.UTF8.GetBytes(content!));
        }

        var refused = Assert.Throws<InvalidDataException>(() => HostRecord.Open(path));
        Assert.Contains("is no record of samepage: ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public void Broken_parts_are_refused_when_they_are_read()
    {
        var path = Write(Policy.Default, []);
        using (var archive = ZipFile.Open(path, ZipArchiveMode.Update))
        {
            using (var samples = archive.CreateEntry(RecordFiles.Samples).Open())
            {
                samples.Write("{\"at_seconds\": 1}\n"u8);
            }

            using var history = archive.CreateEntry(RecordFiles.History).Open();
            history.Write(new byte[9000]);
        }

        using var record = HostRecord.Open(path);
        Assert.Contains("samples.jsonl:1: ", Assert.Throws<InvalidDataException>(() => record.Samples().ToList()).Message, StringComparison.Ordinal);
        Assert.Throws<HistoryException>(record.OpenHistory);
        Assert.Throws<InvalidDataException>(() => new RecordedBudget(1e9, 60).ToOptions());
    }

    /// <summary>Recorded at every look of a governor, a simulated host makes a second governor decide the same.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    public void A_governor_decides_the_same_over_its_own_samples(int seed)
    {
        var host = new SimulatedHost(seed);
        var governor = new Governor(new GovernorOptions());
        var (samples, decided) = (new List<HostSample>(), new List<GovernorDecision>());
        var run = new GovernedRun(host, sample =>
        {
            // Here, and not between two runs: those would look once more than the governor asked for.
            for (var i = host.Guests.Count; sample.At >= TimeSpan.FromSeconds(20) && i < 4; i++)
            {
                host.Arrive(new GuestKind());
            }

            samples.Add(RecordedSample.Of(sample).ToSample());
            decided.Add(governor.Decide(sample));
            return (decided[^1].Order, decided[^1].NextLook);
        });
        run.For(TimeSpan.FromMinutes(4));
        Assert.Equal(decided, GovernorReplay.Run(samples, new GovernorOptions()));
        Assert.Contains(decided, decision => decision.Mode == GovernorMode.Working);
    }

    private string Write(Policy policy, List<HostSample> samples)
    {
        var path = Path.Combine(_rig.Root, "host.samepage");
        var head = new RecordHead(RecordHead.SchemaName, "1", _rig.Clock.Day, new RecordedMachine("6", "cpu", 2, 1 << 30), new RecordedBudget(25, 60), samples.Count, null);
        using var file = File.Create(path);
        Recorder.Write(file, head, new RecordParts(policy, "{}", null, File.Exists(_rig.Options.Path) ? _rig.Options.Path : null, [.. samples.Select(RecordedSample.Of)]));
        return path;
    }
}
