using Samepage.Linux.Proc;
using Samepage.Scenarios;
using Samepage.Scenarios.Browsers;
using Samepage.Scenarios.Containers;
using Samepage.SystemTests.Domains;

namespace Samepage.SystemTests.Scenarios;

/// <summary>Browsers and containers come up, know their data, notice a byte that changed, and leave nothing.</summary>
public sealed class ReadyProgramTests
{
    private const int Bytes = 4 << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Browsers_know_their_page_and_leave_nothing()
    {
        var program = Browser.Find();
        Assert.SkipWhen(program is null, "no chromium on this machine (package chromium)");
        using var state = new TemporaryState();
        using var directory = OwnedDirectory.Create(state.Path);
        var pages = BrowserPages.Write(directory.Make("pages"), SharedContent.Choose(Bytes), 1);
        CheckPair(
            new Browser(program!, 1, pages, directory.Make("b1")), new Browser(program!, 2, pages, directory.Make("b2")), processesMin: 4);
    }

    [Fact]
    public void Containers_know_their_data_and_leave_nothing()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "containers are made by root only");
        var tools = ContainerTools.Find(out var missing);
        Assert.SkipWhen(tools is null, "no containers on this machine; missing: " + string.Join(", ", missing));
        using var state = new TemporaryState();
        using var directory = OwnedDirectory.Create(state.Path);
        var image = ContainerImage.Build(tools!, directory.Make("image"), SharedContent.Choose(Bytes));
        CheckPair(
            new Container(tools!, 1, image, directory.Make("c1"), 1 << 20), new Container(tools!, 2, image, directory.Make("c2"), 1 << 20),
            processesMin: 1);
    }

    [Fact]
    public void Containers_are_isolated_from_the_host()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "containers are made by root only");
        var tools = ContainerTools.Find(out var missing);
        Assert.SkipWhen(tools is null, "no containers on this machine; missing: " + string.Join(", ", missing));
        using var state = new TemporaryState();
        using var directory = OwnedDirectory.Create(state.Path);
        var image = ContainerImage.Build(tools!, directory.Make("image"), SharedContent.Choose(1 << 20));
        using var container = new Container(tools!, 1, image, directory.Make("c1"), 1 << 20);
        container.Start(Cancel);
        var pid = container.Pids[0];
        foreach (var space in (string[])["pid", "net", "mnt", "ipc", "uts"])
        {
            Assert.NotEqual(Space("self", space), Space($"{pid}", space));
        }

        var status = KeyedText.Parse(new ProcFs().Read(pid, "status"));
        Assert.Equal(1, status.Number("NoNewPrivs"));
        Assert.Equal(65534, status.Number("Uid"));
    }

    /// <summary>What a killed run has left is removed by the next, and what a living one holds is not.</summary>
    [Fact]
    public void Directories_of_dead_runs_are_swept()
    {
        using var state = new TemporaryState();
        using var living = OwnedDirectory.Create(state.Path);
        var dead = Path.Combine(state.Path, "scenarios", "deadbeef");
        Directory.CreateDirectory(Path.Combine(dead, "deep"));
        File.WriteAllText(Path.Combine(dead, "deep", "file"), "left");
        File.WriteAllText(dead + ".lock", "");
        using (var next = OwnedDirectory.Create(state.Path))
        {
            Assert.False(Directory.Exists(dead));
            Assert.False(File.Exists(dead + ".lock"));
            Assert.True(Directory.Exists(living.Path));
            Assert.NotEqual(living.Path, next.Path);
        }

        Assert.Equal(2, Directory.GetFileSystemEntries(Path.Combine(state.Path, "scenarios")).Length);
    }

    private static string? Space(string process, string kind) => new FileInfo($"/proc/{process}/ns/{kind}").LinkTarget;

    private static void CheckPair(ScenarioProgram first, ScenarioProgram second, int processesMin)
    {
        var proc = new ProcFs();
        using var fleet = new ProgramFleet([first, second]);
        fleet.Start(null, Cancel);
        Assert.NotEqual(first.UniqueDigest, second.UniqueDigest);
        Assert.All(fleet.Verify(Cancel), answer => Assert.True(answer is { IsUnchanged: true }));
        Assert.True(first.Pids.Count >= processesMin, $"{first.Pids.Count} processes");
        // The kernel tells CPU time in hundredths of a second, and a quick server may have spent less than one by now.
        KeeperProcess.Until(() => first.Verify(Cancel).IsUnchanged && first.CpuSeconds > 0, "CPU time that is told");

        first.Corrupt(ContentPart.Shared, 123_457, Cancel);
        Assert.Equal(new ContentCheck(false, true), first.Verify(Cancel));
        first.Corrupt(ContentPart.Shared, 123_457, Cancel);
        Assert.True(first.Verify(Cancel).IsUnchanged);
        second.Corrupt(ContentPart.Unique, 0, Cancel);
        Assert.Equal(new ContentCheck(true, false), second.Verify(Cancel));

        var all = first.Pids.Select(pid => ProcessStat.TryRead(proc, pid)).OfType<ProcessStat>().ToList();
        fleet.Dispose();
        Assert.All(all, one => Assert.True(Machine.IsGoneWithin(one.Pid, one.StartTicks, TimeSpan.FromMilliseconds(50)), $"{one.Name} ({one.Pid}) is left"));
        Assert.False(first.IsRunning);
    }
}
