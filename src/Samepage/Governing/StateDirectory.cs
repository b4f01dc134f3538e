namespace Samepage.Governing;

/// <summary>Where Samepage keeps what must survive a restart.</summary>
public static class StateDirectory
{
    /// <summary><c>/var/lib/samepage</c> for root, else <c>$XDG_STATE_HOME/samepage</c> or <c>~/.local/state/samepage</c>.</summary>
    public static string Default
    {
        get
        {
            if (Environment.IsPrivilegedProcess)
            {
                return "/var/lib/samepage";
            }

            if (Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state && Path.IsPathRooted(state))
            {
                return Path.Combine(state, "samepage");
            }

            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            return Path.Combine(home.Length > 0 ? home : Path.GetTempPath(), ".local", "state", "samepage");
        }
    }
}
