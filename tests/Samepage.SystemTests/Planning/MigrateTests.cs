namespace Samepage.SystemTests.Planning;

/// <summary>ksmtuned's configuration as a policy, by the executable: what comes out goes in again.</summary>
public sealed class MigrateTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-migrate-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void The_result_is_a_policy()
    {
        var file = Path.Combine(_directory, "ksmtuned.conf");
        File.WriteAllText(file, "# KSM_MONITOR_INTERVAL=60\nKSM_NPAGES_MAX=2500\nKSM_SLEEP_MSEC=40\nKSM_THRES_COEF=10\nDEBUG=1\n");
        var (status, output, errors) = SamepageCommand.Run("migrate", "ksmtuned", file, "--host", "16G");
        Assert.Equal((0, ""), (status, errors));
        var policy = Path.Combine(_directory, "samepage.toml");
        File.WriteAllText(policy, output);
        var read = SamepageCommand.Json(0, "check-config", "--config", policy);
        Assert.Equal(33.3, read.GetProperty("governor").GetProperty("cpu_budget_percent").GetDouble());
        var json = SamepageCommand.Json(0, "migrate", "ksmtuned", file, "--host", "16G");
        Assert.Equal(("samepage.migrate/1", "ksmtuned", output), (json.GetProperty("schema").GetString(), json.GetProperty("program").GetString(), json.GetProperty("policy").GetString()));
    }

    [Fact]
    public void What_cannot_be_read_is_said()
    {
        Assert.Equal(2, SamepageCommand.Run("migrate").Status);
        var (status, _, errors) = SamepageCommand.Run("migrate", "ksmtuned", Path.Combine(_directory, "none.conf"));
        Assert.Equal((2, $"samepage: {_directory}/none.conf is no file; name ksmtuned's configuration\n"), (status, errors));
        Assert.Equal(2, SamepageCommand.Run("migrate", "ksmtuned", _directory).Status);
        var wrong = Path.Combine(_directory, "wrong.conf");
        File.WriteAllText(wrong, "KSM_NPAGES_MAX=1\nif true; then KSM_NPAGES_MAX=2; fi\n");
        (status, _, errors) = SamepageCommand.Run("migrate", "ksmtuned", wrong);
        Assert.Equal(2, status);
        Assert.StartsWith($"samepage: {wrong}:2:1: is no plain NAME=VALUE", errors, StringComparison.Ordinal);
    }
}
