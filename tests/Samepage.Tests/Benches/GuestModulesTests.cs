using Samepage.Scenarios.Guests;

namespace Samepage.Tests.Benches;

/// <summary>The modules of a guest's kernel, in the order in which it takes them.</summary>
public sealed class GuestModulesTests : IDisposable
{
    private readonly TemporaryTree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void What_a_module_stands_on_comes_first()
    {
        _tree["lib/modules/6.1/modules.dep"] = "kernel/a.ko.xz:\nkernel/net.ko.xz: kernel/b.ko.xz kernel/a.ko.xz\nkernel/network.ko:\n";
        Assert.Equal(["a.ko.xz", "b.ko.xz", "net.ko.xz"], GuestModules.Find("/boot/vmlinuz-6.1", "net", _tree.Root).Select(Path.GetFileName));
        Assert.Equal(["network.ko"], GuestModules.Find("/lib/modules/6.1/vmlinuz", "network", _tree.Root).Select(Path.GetFileName));
        Assert.Empty(GuestModules.Find("/boot/vmlinuz-6.1", "none", _tree.Root));
        Assert.Empty(GuestModules.Find("/boot/vmlinuz-6.2", "net", _tree.Root));
    }
}
