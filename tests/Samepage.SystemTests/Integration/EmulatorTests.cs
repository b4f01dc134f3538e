using System.Diagnostics;
using System.Text.RegularExpressions;
using Samepage.Linux.Proc;
using Samepage.SystemTests.UserEngine;

namespace Samepage.SystemTests.Integration;

/// <summary>samepage-qemu as libvirt uses an emulator: asked what it can, and given a guest to run. With the real QEMU.</summary>
public sealed partial class EmulatorTests : IDisposable
{
    private const string Qemu = "/usr/bin/qemu-system-x86_64";
    private static readonly string s_wrapper = Path.Combine(SamepageCommand.Repository, "packaging", "libvirt", "samepage-qemu");
    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-emulator-").FullName;

    private readonly List<(int Pid, long StartTicks)> _guests = [];

    public EmulatorTests() => Assert.SkipUnless(File.Exists(Qemu), "QEMU is not installed");

    private string Settings => Path.Combine(_directory, "libvirt.conf");

    /// <summary>Ends also the guest of a test that failed.</summary>
    public void Dispose()
    {
        foreach (var guest in _guests)
        {
            if (Directory.Exists($"/proc/{guest.Pid}") && ProcessStat.TryRead(new ProcFs(), guest.Pid)?.StartTicks == guest.StartTicks)
            {
                Tool.Signal(guest.Pid, "KILL");
            }
        }

        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData("-version")]
    [InlineData("--version")]
    [InlineData("-help")]
    [InlineData("-h")]
    [InlineData("-machine help")]
    [InlineData("-cpu ?")]
    [InlineData("-device help")]
    [InlineData("-device virtio-net-pci,help")]
    [InlineData("-accel help")]
    public void A_question_is_answered_by_qemu_itself(string question)
    {
        var (settings, calls) = Noting();
        var own = Tool.Run(Qemu, question.Split(' '));
        Assert.Equal(own, Tool.Run(s_wrapper, question.Split(' '), settings));
        Assert.NotEqual("", own.Output);
        Assert.False(File.Exists(calls));
    }

    /// <summary>libvirt starts a QEMU without a machine and asks it by QMP; the answer names nothing of ours.</summary>
    [Fact]
    public void Capabilities_are_probed_as_without()
    {
        var (settings, calls) = Noting();
        string[] probe = ["-S", "-no-user-config", "-nodefaults", "-nographic", "-machine", "none,accel=tcg", "-qmp", "stdio", "-pidfile", Path.Combine(_directory, "pid")];
        string Ask(string emulator)
        {
            var run = Tool.Run(
                "/bin/sh", ["-c", "printf '%s\\n' '{\"execute\":\"qmp_capabilities\"}' '{\"execute\":\"query-machines\"}' '{\"execute\":\"query-commands\"}' '{\"execute\":\"quit\"}' | exec \"$0\" \"$@\"", emulator, .. probe], settings);
            Assert.True(run.Status == 0, run.Errors);
            Assert.Contains("query-machines", run.Output, StringComparison.Ordinal);
            return TimePattern().Replace(run.Output, "");
        }

        Assert.Equal(Ask(Qemu), Ask(s_wrapper));
        Assert.False(File.Exists(calls));
    }

    [Fact]
    public void A_guest_is_opted_in()
    {
        using var lease = KsmdLease.Take();
        Write($"SAMEPAGE={SamepageCommand.Executable}", $"QEMU={Qemu}");
        using var guest = Start();
        Until(() => KsmStat.TryRead(new ProcFs(), guest.Id) is { MergeAny: true } && Executable(guest) == Qemu, "the guest, opted in");
        End(guest);
    }

    [Fact]
    public void With_the_user_engine_it_joins_its_domain()
    {
        NativeBuild.Require();
        var domain = NativeBuild.Domain("emulator");
        Write($"SAMEPAGE={SamepageCommand.Executable}", $"QEMU={Qemu}", "ENGINE=user", $"DOMAIN={domain}");
        using var guest = Start("-machine", "mem-merge=on", "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
        Until(() => SamepageCommand.Run("explain", $"{guest.Id}", "--json").Output.Contains($"\"domain\": \"{domain}\"", StringComparison.Ordinal), "the member");
        End(guest);
    }

    /// <summary>No samepage, or one that says no: the guest starts without, and the log of libvirt has the reason.</summary>
    [Theory]
    [InlineData(false, "started without merging: ")]
    [InlineData(true, "started without merging: said no")]
    public void Where_samepage_cannot_the_guest_starts_all_the_same(bool isThere, string said)
    {
        var samepage = Path.Combine(_directory, "samepage");
        if (isThere)
        {
            Script(samepage, "echo said no >&2; exit 3");
        }

        Write($"SAMEPAGE={samepage}", $"QEMU={Qemu}");
        using var guest = Start();
        Until(() => Executable(guest) == Qemu, "the guest");
        guest.Kill();
        guest.WaitForExit();
        Assert.StartsWith($"samepage-qemu: {said}", guest.StandardError.ReadToEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void Its_name_says_which_qemu()
    {
        var link = Path.Combine(_directory, "samepage-qemu-system-x86_64");
        File.CreateSymbolicLink(link, s_wrapper);
        var (status, output, errors) = Tool.Run(link, ["-version"], new Dictionary<string, string> { ["SAMEPAGE_LIBVIRT_CONF"] = "/none" });
        Assert.True(status == 0, errors);
        Assert.StartsWith("QEMU emulator", output, StringComparison.Ordinal);
    }

    /// <summary>A guest that never runs an instruction: its processor is not started.</summary>
    private Process Start(params IEnumerable<string> more)
    {
        var guest = Tool.Start(
            s_wrapper,
            ["-name", "guest=help me,debug-threads=on", "-S", "-no-user-config", "-nodefaults", "-display", "none", "-machine", "pc,accel=tcg,mem-merge=off", "-m", "64", .. more],
            new Dictionary<string, string> { ["SAMEPAGE_LIBVIRT_CONF"] = Settings });
        _guests.Add((guest.Id, ProcessStat.TryRead(new ProcFs(), guest.Id)?.StartTicks ?? 0));
        return guest;
    }

    private static void End(Process guest)
    {
        guest.Kill();
        guest.WaitForExit();
        Assert.Matches("^(samepage: started ksmd [^\n]*\n)?$", guest.StandardError.ReadToEnd());
    }

    private static string? Executable(Process guest) => File.ResolveLinkTarget($"/proc/{guest.Id}/exe", returnFinalTarget: false)?.FullName;

    private static void Until(Func<bool> holds, string what)
    {
        for (var clock = Stopwatch.StartNew(); !holds(); Thread.Sleep(50))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{what} did not come");
        }
    }

    /// <summary>Settings by which every call of samepage would be noted.</summary>
    private (Dictionary<string, string> Environment, string Calls) Noting()
    {
        var (samepage, calls) = (Path.Combine(_directory, "samepage"), Path.Combine(_directory, "calls"));
        Script(samepage, $"echo \"$*\" >>{calls}; exit 1");
        Write($"SAMEPAGE={samepage}", $"QEMU={Qemu}");
        return (new Dictionary<string, string> { ["SAMEPAGE_LIBVIRT_CONF"] = Settings }, calls);
    }

    private void Write(params string[] lines) => File.WriteAllLines(Settings, lines);

    private static void Script(string file, string body)
    {
        File.WriteAllText(file, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Moments, and numbers of objects, differ from run to run.</summary>
    [GeneratedRegex("\"timestamp\": \\{[^}]*\\}")]
    private static partial Regex TimePattern();
}
