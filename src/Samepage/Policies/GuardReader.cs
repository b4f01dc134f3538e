using System.Globalization;
using Samepage.Guarding.Swapping;
using Samepage.Policies.Toml;

namespace Samepage.Policies;

/// <summary>Reads <c>[guard]</c> and what is below it.</summary>
internal static class GuardReader
{
    private const double CoverageMax = 1000;
    private const string CommandExample = "[\"/usr/local/bin/tell\", \"me\"]";

    /// <summary>Puts a file's section to what the files before it said.</summary>
    /// <exception cref="PolicyException">It cannot be followed.</exception>
    public static GuardPolicy Read(GuardPolicy before, TomlSection section)
    {
        var guard = before with
        {
            Host = Floors(before.Host, section),
            WarningCommand = Command(section) ?? before.WarningCommand,
            Swap = section.Section("swap", "[guard.swap]") is { } swap ? Swap(swap) : before.Swap,
        };
        var own = new List<ControlGroupFloors>();
        foreach (var group in section.Sections("cgroup", "[[guard.cgroup]]"))
        {
            var path = group.Group("path")
                ?? throw new PolicyException(group.Position, "[[guard.cgroup]] has no path; add one, such as path = \"/machine.slice\"");
            if (own.Exists(known => known.Path == path))
            {
                throw group.Wrong("path", $"\"{path}\" stands here twice; put both together");
            }

            // What is left out is as for the host, not as an earlier file had it for the group.
            own.Add(new ControlGroupFloors(path, Floors(guard.Host, group)));
            group.End();
        }

        section.End();
        return guard with { ControlGroups = [.. before.ControlGroups.Where(early => !own.Exists(late => late.Path == early.Path)), .. own] };
    }

    private static CoverageFloors Floors(CoverageFloors before, TomlSection section)
    {
        var floor = section.Number("coverage_floor", 0, CoverageMax);
        var warning = section.Number("coverage_warning", 0, CoverageMax);
        var floors = before with { Floor = floor ?? before.Floor, Warning = warning ?? Math.Max(before.Warning, floor ?? 0) };
        return floors.Warning >= floors.Floor
            ? floors
            : throw section.Wrong("coverage_warning", string.Create(CultureInfo.InvariantCulture, $"is {floors.Warning} and below coverage_floor ({floors.Floor}), so that it would come too late; make it larger"));
    }

    private static IReadOnlyList<string>? Command(TomlSection section) =>
        section.Texts("warning_command", CommandExample) is not { } command || Path.IsPathRooted(command[0])
            ? section.Texts("warning_command", CommandExample)
            : throw section.Wrong("warning_command", "must begin with the full path of a program; it is executed without a shell");

    /// <summary>A whole: what it leaves out is not taken from an earlier file, where it belonged to another kind of swap.</summary>
    private static SwapPolicy Swap(TomlSection section)
    {
        var kind = section.Word("provision", ("none", SwapKind.None), ("file", SwapKind.File), ("zram", SwapKind.Zram))
            ?? throw new PolicyException(section.Position, "[guard.swap] has no provision; add provision = \"none\", \"file\" or \"zram\"");
        var directory = section.Text("directory", "full path");
        var size = section.Text("size_max", "size");
        if (directory is not null && kind != SwapKind.File)
        {
            throw section.Wrong("directory", "goes with provision = \"file\" only");
        }

        if ((size is null) != (kind == SwapKind.None))
        {
            throw size is null
                ? new PolicyException(section.PositionOf("provision"), "swap is to be provided without a limit; add size_max, such as size_max = \"8G\"")
                : section.Wrong("size_max", "goes with provision = \"file\" or \"zram\"");
        }

        if (directory is not null && !Path.IsPathRooted(directory))
        {
            throw section.Wrong("directory", "must be a full path");
        }

        var bytes = size is null ? 0 : PolicyUnits.Size(size) ?? throw section.Wrong("size_max", $"must be a size such as \"512M\" or \"8G\", 64 TiB at most, and is \"{size}\"");
        section.End();
        return new SwapPolicy { Provision = kind, Directory = kind == SwapKind.File ? directory ?? "/var/lib/samepage/swap" : null, SizeBytesMax = bytes };
    }
}
