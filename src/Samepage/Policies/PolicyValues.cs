using Samepage.Policies.Toml;

namespace Samepage.Policies;

/// <summary>Kinds of values that several sections have.</summary>
internal static class PolicyValues
{
    private static readonly TimeSpan s_day = TimeSpan.FromDays(1);

    extension(TomlSection section)
    {
        /// <summary>A time of at least so much, and of a day at most; null where the key is missing.</summary>
        public TimeSpan? Time(string key, TimeSpan least) => section.Text(key, $"time, {PolicyUnits.Text(least)} to a day") is not { } text
            ? null
            : PolicyUnits.Duration(text) is { } time && time >= least && time <= s_day
                ? time
                : throw section.Wrong(key, $"must be a time such as \"500ms\", \"30s\" or \"5m\"{(least > TimeSpan.Zero ? FormattableString.Invariant($", {least.TotalSeconds} seconds at least") : "")}, a day at most, and is \"{text}\"");

        /// <summary>The path of a control group, without a slash at the end; null where the key is missing.</summary>
        public string? Group(string key)
        {
            const string Mount = "/sys/fs/cgroup/";
            var group = section.Text(key, "path of a control group")?.TrimEnd('/');
            return group is null || (group.StartsWith('/') && !group.StartsWith(Mount, StringComparison.Ordinal))
                ? group
                : throw section.Wrong(key, $"must be a path as /proc/PID/cgroup has it, below the root and without {Mount}, such as \"/machine.slice\"");
        }
    }
}
