using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Scenarios.FiftyTwo;
using Samepage.Scenarios.Running;

namespace Samepage.Tests.Scenarios;

/// <summary>What keeps a scenario from running is found before anything starts.</summary>
public sealed class FindLacksTests : IDisposable
{
    private readonly TemporaryTree _tree = new();

    public static TheoryData<string> Names => [.. ScenarioCatalog.All.Select(scenario => scenario.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Settings_of_ksmd_that_another_process_holds_are_told_with_its_number(string name)
    {
        Assert.SkipUnless(name != "fifty-two" || Environment.IsPrivilegedProcess, "to anyone but root, fifty-two says that it is root's, and no more");
        var state = _tree.PathOf("state");
        Assert.DoesNotContain(Lacks(name, ScenarioEngine.Kernel, state), lack => lack.Kind == ScenarioLackKind.Held);
        using (SavedSettings.Take(new KsmSysfs(_tree.PathOf("ksm")), state, new ProcFs()))
        {
            var held = Assert.Single(Lacks(name, ScenarioEngine.Kernel, state), lack => lack.Kind == ScenarioLackKind.Held);
            Assert.Contains($"(process {Environment.ProcessId})", held.What, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("fifty-two", ScenarioEngine.User)]
    [InlineData("fifty-two", ScenarioEngine.None)]
    [InlineData("workers", ScenarioEngine.User)]
    public void Who_needs_no_ksmd_does_not_mind(string name, ScenarioEngine engine)
    {
        var state = _tree.PathOf("state");
        using var held = SavedSettings.Take(new KsmSysfs(_tree.PathOf("ksm")), state, new ProcFs());
        Assert.DoesNotContain(Lacks(name, engine, state), lack => lack.Kind == ScenarioLackKind.Held);
    }

    [Theory]
    [InlineData("qemu-system-x86", 1)]
    [InlineData("qemu-system-aar", 1)]
    [InlineData("qemu-kvm", 1)]
    [InlineData("kvm", 1)]
    [InlineData("kvm-irqfd-clean", 0)]
    [InlineData("qemu-img", 0)]
    [InlineData("sleep", 0)]
    public void QEMU_is_known_by_every_name_that_distributions_give_it(string name, int count)
    {
        Put(40, name, 'S');
        Assert.Equal(count, FiftyTwoScenario.Emulators(new ProcFs(_tree.Root)));
    }

    [Fact]
    public void Neither_the_dead_nor_threads_of_the_kernel_count_as_QEMU()
    {
        Put(40, "qemu-kvm", 'Z');
        Put(41, "kvm", 'I', flags: 0x0020_0000);
        Assert.Equal(0, FiftyTwoScenario.Emulators(new ProcFs(_tree.Root)));
    }

    public void Dispose() => _tree.Dispose();

    private static IReadOnlyList<ScenarioLack> Lacks(string name, ScenarioEngine engine, string state)
    {
        var scenario = ScenarioCatalog.All.Single(each => each.Name == name);
        var request = new ScenarioRequest(engine, 2, scenario.Defaults.ProgramBytes ?? 0, scenario.Defaults.HostBytes ?? 0)
        {
            StateDirectory = state,
            CacheDirectory = state,
        };
        return scenario.FindLacks(request);
    }

    private void Put(int pid, string name, char state, int flags = 0) =>
        _tree[$"{pid}/stat"] = $"{pid} ({name}) {state} 1 {pid} {pid} 0 -1 {flags} 0 0 0 0 7 9 0 0 20 0 1 0 12345 0 0\n";
}
