using Samepage.Policies;
using Samepage.Policies.Migration;
using Samepage.Targets;

namespace Samepage.Tests.Policies;

/// <summary>What ksmtuned's configuration comes to.</summary>
public sealed class KsmtunedMigrationTests
{
    private const long Gigabyte = 1L << 30;

    /// <summary>As the package has it: everything commented out.</summary>
    private const string AsShipped = """
        # How long ksmtuned should sleep between tuning adjustments
        # KSM_MONITOR_INTERVAL=60

        # KSM_SLEEP_MSEC=10
        # KSM_NPAGES_MAX=1250
        """;

    [Theory]
    [InlineData("", 16, 50.0)]
    [InlineData("KSM_NPAGES_MAX=625", 16, 33.3)]
    [InlineData("KSM_NPAGES_MAX=1250\nKSM_SLEEP_MSEC=30", 16, 25.0)]
    [InlineData("KSM_NPAGES_MAX=1250\nKSM_SLEEP_MSEC=30", 32, 40.0)] // A larger server sleeps less: 15 ms.
    [InlineData("KSM_NPAGES_MAX=1250\nKSM_SLEEP_MSEC=30", 256, 50.0)] // But 10 ms at least.
    [InlineData("KSM_NPAGES_MAX=1", 16, 0.1)]
    [InlineData("KSM_NPAGES_MAX=1250 # more\nexport KSM_NPAGES_MAX=\"5000\"", 16, 80.0)]
    [InlineData("KSM_NPAGES_MAX=", 16, 50.0)]
    public void The_quickest_pace_becomes_the_budget(string text, long gigabytes, double percent)
    {
        var migration = KsmtunedMigration.Of("k.conf", text, gigabytes * Gigabyte);
        Assert.Equal(percent, migration.CpuBudgetPercent);
        var policy = new PolicyReader(new UserNames()).Read(Policy.Default, "p.toml", migration.ToPolicy("k.conf"));
        Assert.Equal(percent, policy.Governor.CpuBudgetPercent);
        Assert.Equal(Policy.Default with { Sources = policy.Sources, Governor = policy.Governor }, policy);
    }

    [Fact]
    public void Each_setting_is_told_of_with_its_line()
    {
        var migration = KsmtunedMigration.Of("k.conf", AsShipped + "\nKSM_THRES_COEF='30'\nLOGFILE=/var/log/ksmtuned\nMY_OWN=1\n", 16 * Gigabyte);
        var settings = migration.Settings.ToDictionary(setting => setting.Name);
        Assert.Equal(10, settings.Count);
        Assert.Equal(("30", 6), (settings["KSM_THRES_COEF"].Value, settings["KSM_THRES_COEF"].Line));
        Assert.Contains("less than 4915M are free", settings["KSM_THRES_CONST"].Note, StringComparison.Ordinal);
        Assert.Equal(("-50", null), (settings["KSM_NPAGES_DECAY"].Value, settings["KSM_NPAGES_DECAY"].Line));
        Assert.Equal("not known to ksmtuned", settings["MY_OWN"].Note);
        var text = migration.ToPolicy("k.conf");
        Assert.All(migration.Settings, setting => Assert.Contains($"# {setting.Name}={setting.Value}", text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("KSM_NPAGES_MAX=$((5 * 250))", "k.conf:1:1: is no plain NAME=VALUE")]
    [InlineData("\nrm -rf /", "k.conf:2:1: is no plain NAME=VALUE")]
    [InlineData("KSM_NPAGES_MAX=`cat /etc/passwd`", "k.conf:1:1: is no plain NAME=VALUE")]
    [InlineData("KSM_NPAGES_MAX=5;reboot", "k.conf:1:1: is no plain NAME=VALUE")]
    [InlineData("KSM_NPAGES_MAX=many", "k.conf:1:1: KSM_NPAGES_MAX must be a whole number of 1 at least, and is \"many\"")]
    [InlineData("KSM_NPAGES_MAX=0", "k.conf:1:1: KSM_NPAGES_MAX must be a whole number of 1 at least, and is \"0\"")]
    [InlineData("KSM_SLEEP_MSEC=9223372036854775807", "k.conf:1:1: KSM_SLEEP_MSEC must be a whole number")]
    [InlineData("KSM_NPAGES_DECAY=less", "k.conf:1:1: KSM_NPAGES_DECAY must be a whole number, and is \"less\"")]
    public void What_cannot_be_followed_is_refused_with_its_line(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<PolicyException>(() => KsmtunedMigration.Of("k.conf", text, Gigabyte)).Message, StringComparison.Ordinal);

    [Fact]
    public void Names_and_values_cannot_leave_their_comment()
    {
        var text = KsmtunedMigration.Of("k\n[guard]\ncoverage_floor = 0\n", "A='[guard]'\nB=\"x\"\n", Gigabyte).ToPolicy("k\n[guard]\ncoverage_floor = 0\n");
        Assert.Single(text.Split('\n'), line => line.StartsWith('['));
        _ = new PolicyReader(new UserNames()).Read(Policy.Default, "p.toml", text);
    }
}
