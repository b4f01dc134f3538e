using System.Globalization;
using Samepage.Linux;

namespace Samepage.Targets;

/// <summary>Who are users of a machine: the lines of its password file.</summary>
/// <param name="passwd">The file; tests replace it.</param>
public sealed class UserNames(string passwd = "/etc/passwd")
{
    /// <summary>The number of a user given by name or number; null where no user has that name.</summary>
    public uint? Number(string user)
    {
        if (uint.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        foreach (var line in (KernelFile.TryReadText(passwd) ?? "").Split('\n'))
        {
            if (line.Split(':') is [var name, _, var id, ..] && name == user
                && uint.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out number))
            {
                return number;
            }
        }

        return null;
    }
}
