using Samepage.Policies;

namespace Samepage.Cli.Words;

/// <summary>The manual page of the policy file, from what its reader asks for.</summary>
internal static class PolicyPage
{
    /// <summary>Writes it.</summary>
    public static string Write(Edition edition)
    {
        var page = new Roff("samepage.toml", 5, edition.Date, edition.Version);
        page.Section("NAME");
        page.Line("samepage.toml \\- what Samepage may do on a host");
        page.Section("SYNOPSIS");
        page.Line(Roff.Italic(PolicyLoader.DefaultPath));
        page.Line(".br");
        page.Line(Roff.Italic("/etc/samepage/conf.d/*.toml"));
        page.Section("DESCRIPTION");
        page.Paragraph("The policy in TOML, UTF-8. The first file is read first, then those of conf.d in the order of their names; a later value takes the place of an earlier one. None of the files need exist: without any, nobody is opted in who did not ask, nothing is provisioned, and HTTP listens on the loopback only.", isFirst: true);
        page.Paragraph("Times are a number and ms, s, m or h; sizes a number and K, M, G or T. Both are strings. samepage-check-config(1) says whether a policy is sound, what it comes to with all defaults written out, and which process falls under which rule. What is unknown is refused, with file, line and column.");
        foreach (var section in PolicyReference.Sections())
        {
            page.Section(Title(section));
            page.Paragraph(section.Meaning ?? "", isFirst: true);
            foreach (var key in section.Keys)
            {
                page.Entry($"{Roff.Bold(key.Name)} ({Roff.Escape(key.Type)})", $"{key.Meaning} {Default(key)}".TrimStart());
            }
        }

        Example(page);
        page.Section("SEE ALSO");
        page.Line($"{Roff.Bold("samepage")}(1),\n{Roff.Bold("samepage-check-config")}(1),\n{Roff.Bold("samepage-serve")}(1)");
        return page.ToString();
    }

    /// <summary>Which section a section belongs to is part of its title where its brackets do not tell.</summary>
    public static string Title(PolicySection section) => section.Title.StartsWith('[') ? section.Title : $"{section.Title} in {section.Parent}";

    private static string Default(PolicyKey key) => key.IsRequired ? "Must be given." : key.Default is { } value ? $"Default: {value}." : "No default.";

    private static void Example(Roff page)
    {
        page.Section("EXAMPLE");
        page.Text("Guests of one user are merged by the kernel, at a quarter of a core; swap is made ready before it is needed.");
        page.Example(
        [
            "[[rule]]", "name = \"guests\"", "match = { comm = \"^qemu-system\", user = \"libvirt-qemu\" }", "engine = \"kernel\"", "delay = \"20s\"", "",
            "[governor]", "cpu_budget_percent = 25", "", "[guard.swap]", "provision = \"file\"", "size_max = \"16G\"",
        ]);
    }
}
