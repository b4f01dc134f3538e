using System.Globalization;
using Samepage.Cli;

namespace Samepage.SystemTests.Integration;

/// <summary>The drop-ins for systemd, by systemd's own checker, and the scripts, by the shell's.</summary>
public sealed class UnitFileTests : IDisposable
{
    private static readonly string s_packaging = Path.Combine(SamepageCommand.Repository, "packaging");
    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-units-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>Each drop-in, beside a service that is sound by itself.</summary>
    public static TheoryData<string> DropIns => [.. Directory.EnumerateFiles(Path.Combine(s_packaging, "systemd"), "*.conf").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(DropIns))]
    public void Systemd_accepts_a_drop_in(string dropIn)
    {
        var version = SkipWithoutSystemd();
        var text = File.ReadAllText(Path.Combine(s_packaging, "systemd", dropIn)).Replace("/usr/bin/samepage", SamepageCommand.Executable, StringComparison.Ordinal);
        Assert.Equal((0, ""), Verify(""));
        var (status, errors) = Verify(text);
        var unknown = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (version < 254)
        {
            // MemoryKSM= is not known before, and passed over: that, and nothing else, may be said.
            unknown = [.. unknown.Where(line => !line.Contains("'MemoryKSM'", StringComparison.Ordinal))];
        }

        Assert.Empty(unknown);
        Assert.True(status == 0 || errors.Length > 0, $"status {status}");

        // The positive control: what is wrong in a drop-in is noticed.
        Assert.NotEqual((0, ""), Verify(text + "\nNoSuchKey=1\n"));
    }

    /// <summary>What a unit has samepage do is something that samepage does.</summary>
    [Fact]
    public void Commands_in_units_are_commands_of_ours()
    {
        var commands = Directory.EnumerateFiles(s_packaging, "*", SearchOption.AllDirectories).Where(file => file.EndsWith(".service", StringComparison.Ordinal) || file.EndsWith(".conf", StringComparison.Ordinal))
            .SelectMany(File.ReadAllLines).Where(line => line.StartsWith("Exec", StringComparison.Ordinal) && line.Contains("=/usr/bin/samepage ", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(commands);
        Assert.All(commands, command => Assert.Empty(Program.CreateRoot().Parse(command.Split(' ')[1..].Select(word => word == "%p" ? "name" : word).ToList()).Errors));
    }

    [Fact]
    public void Shellcheck_finds_nothing_in_the_scripts()
    {
        Assert.SkipUnless(Tool.Run("sh", "-c", "command -v shellcheck").Status == 0, "shellcheck is not installed");
        var scripts = Directory.EnumerateFiles(Path.Combine(s_packaging, "libvirt")).Where(file => File.ReadLines(file).FirstOrDefault() == "#!/bin/sh").ToList();
        Assert.Equal(2, scripts.Count);
        Assert.Equal((0, "", ""), Tool.Run("shellcheck", scripts));
    }

    private static int SkipWithoutSystemd()
    {
        var (status, output, _) = Tool.Run("sh", "-c", "systemd-analyze --version");
        Assert.SkipUnless(status == 0, "systemd-analyze is not installed");
        return int.Parse(output.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private (int Status, string Errors) Verify(string dropIn)
    {
        var below = Directory.CreateDirectory(Path.Combine(_directory, "example.service.d")).FullName;
        File.WriteAllText(Path.Combine(_directory, "example.service"), "[Unit]\nDescription=Example\n\n[Service]\nExecStart=/bin/true\n");
        File.WriteAllText(Path.Combine(below, "50-samepage.conf"), dropIn);
        var (status, _, errors) = Tool.Run("systemd-analyze", ["verify", "--man=no", "--recursive-errors=no", Path.Combine(_directory, "example.service")], new Dictionary<string, string> { ["SYSTEMD_UNIT_PATH"] = $"{_directory}:" });
        return (status, errors);
    }
}
