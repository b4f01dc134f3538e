using System.Globalization;
using System.Text;

namespace Samepage.Guarding.Swapping;

/// <summary>One area that was made, or was about to be.</summary>
/// <param name="Kind">What it is made of.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Place">The file's path or the zram device's number; empty before the number is known.</param>
internal sealed record SwapEntry(SwapKind Kind, long Bytes, string Place);

/// <summary>What a provisioner noted on disk before it did it: enough for the next one to clear up.</summary>
/// <param name="BootId">During which run of the machine: a restart has switched everything off.</param>
/// <param name="Entries">In the order in which they were made.</param>
internal sealed record SwapRecord(string BootId, IReadOnlyList<SwapEntry> Entries)
{
    private const string Heading = "samepage swap 1";

    /// <summary>Reads a record; null where there is none, or what is there is none.</summary>
    public static SwapRecord? TryRead(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Reads a record's text.</summary>
    public static SwapRecord? Parse(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length < 2 || lines[0] != Heading || lines[1].Split(' ') is not ["boot", var boot])
        {
            return null;
        }

        var entries = new List<SwapEntry>();
        foreach (var line in lines[2..])
        {
            // The path comes last, because it may hold blanks.
            if (line.Split(' ', 3) is not [var kind, var size, var place]
                || !long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
                || Kind(kind) is not { } known)
            {
                return null;
            }

            entries.Add(new SwapEntry(known, bytes, place));
        }

        return new SwapRecord(boot, entries);
    }

    /// <summary>Puts it on disk, whole or not at all, before anything that it tells of is done.</summary>
    public void Write(string path)
    {
        var draft = path + ".tmp";
        using (var file = new FileStream(draft, FileMode.Create))
        {
            file.Write(Encoding.UTF8.GetBytes(ToString()));
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
    }

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Heading);
        text.Append(CultureInfo.InvariantCulture, $"\nboot {BootId}\n");
        foreach (var entry in Entries)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(entry.Kind == SwapKind.File ? "file" : "zram")} {entry.Bytes} {entry.Place}\n");
        }

        return text.ToString();
    }

    private static SwapKind? Kind(string text) => text switch
    {
        "file" => SwapKind.File,
        "zram" => SwapKind.Zram,
        _ => null,
    };
}
