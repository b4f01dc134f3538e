using Samepage.SystemTests.UserEngine;

namespace Samepage.SystemTests.Packaging;

/// <summary>A processor that has less than what the executable was compiled for, as QEMU plays it.</summary>
public sealed class ProcessorTests
{
    private const string Emulator = "/usr/bin/qemu-x86_64";

    [Fact]
    public void A_processor_that_lacks_something_is_told_of_in_one_line()
    {
        Assert.SkipUnless(File.Exists(Emulator), "needs qemu-user (./test installs it)");
        Assert.SkipUnless(File.Exists(Path.Combine(NativeBuild.Output, "libsamepage-engine.so")), "the executable was not compiled ahead of time");
        var (status, output, errors) = Tool.Run(Emulator, ["-cpu", "core2duo", SamepageCommand.Executable, "--version"]);
        Assert.Equal(3, status);
        Assert.Empty(output);
        Assert.Matches(@"^samepage: compiled for x86-64-v\d, and this processor has no \w+; [^\n]*\n$", errors);
    }
}
