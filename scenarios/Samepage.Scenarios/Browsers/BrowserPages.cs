using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Samepage.Scenarios.Browsers;

/// <summary>
/// The page that all browsers of a scenario show: a long text, and data that its script holds in memory, as map tiles,
/// documents and sound are held by the pages of an office. Everything comes from this machine's own files.
/// </summary>
/// <param name="Address">Of the page.</param>
/// <param name="SharedDigest">What its script makes of text and data, computed here.</param>
/// <param name="DataBytes">How much data it holds.</param>
public sealed record BrowserPages(string Address, string SharedDigest, long DataBytes)
{
    private const int PieceMax = 1 << 20;
    private const string Licenses = "/usr/share/common-licenses";

    /// <summary>
    /// Digests are SHA-256 over the SHA-256 of each piece, so that no second copy of all data is made in the browser.
    /// Data of its own are drawn anew whenever it is loaded.
    /// </summary>
    private const string Script = """
        const common = [], own = [];
        function load(text) { common.push(Uint8Array.from(atob(text), letter => letter.charCodeAt(0))); }
        async function digest(parts) {
          const all = new Uint8Array(32 * parts.length);
          for (let i = 0; i < parts.length; i++) all.set(new Uint8Array(await crypto.subtle.digest('SHA-256', parts[i])), 32 * i);
          const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
          return Array.from(sum, value => value.toString(16).padStart(2, '0')).join('');
        }
        const samepage = {
          draw(megabytes) {
            for (let i = 0; i < megabytes; i++) {
              const piece = new Uint8Array(1 << 20);
              for (let at = 0; at < piece.length; at += 65536) crypto.getRandomValues(piece.subarray(at, at + 65536));
              own.push(piece);
            }
          },
          async read() {
            const text = new TextEncoder().encode(document.getElementById('text').textContent);
            return await digest([...common, text]) + ' ' + await digest(own);
          },
          corrupt(part, offset) {
            const piece = (part === 'shared' ? common : own)[0];
            piece[offset % piece.length] ^= 255;
            return 'done';
          },
        };
        """;

    /// <summary>Writes the page.</summary>
    /// <param name="directory">Where to.</param>
    /// <param name="files">The data.</param>
    /// <param name="uniqueMegabytes">Random data that each browser draws for itself.</param>
    public static BrowserPages Write(string directory, IEnumerable<SharedFile> files, int uniqueMegabytes)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var bytes = 0L;
        using (var data = new StreamWriter(Path.Combine(directory, "data.js")))
        {
            foreach (var piece in files.SelectMany(Pieces))
            {
                data.Write("load('");
                data.Write(Convert.ToBase64String(piece));
                data.Write("');\n");
                sum.AppendData(SHA256.HashData(piece));
                bytes += piece.Length;
            }
        }

        var text = Text();
        sum.AppendData(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        File.WriteAllText(Path.Combine(directory, "script.js"), Script);
        var page = Path.Combine(directory, "page.html");
        File.WriteAllText(page, FormattableString.Invariant($"""
            <!doctype html><meta charset="utf-8"><title>samepage</title>
            <script src="script.js"></script><script src="data.js"></script>
            <pre id="text">{WebUtility.HtmlEncode(text)}</pre>
            <script>samepage.draw({uniqueMegabytes}); window.isLoaded = true;</script>
            """));
        return new BrowserPages("file://" + page, Convert.ToHexStringLower(sum.GetHashAndReset()), bytes);
    }

    private static IEnumerable<byte[]> Pieces(SharedFile file)
    {
        using var stream = File.OpenRead(file.Path);
        for (var left = file.Length; left > 0;)
        {
            var piece = new byte[(int)Math.Min(left, PieceMax)];
            stream.ReadExactly(piece);
            left -= piece.Length;
            yield return piece;
        }
    }

    /// <summary>Every Debian has the texts of licenses; without them a short one does. A page knows one kind of line end only.</summary>
    private static string Text()
    {
        var text = Directory.Exists(Licenses)
            ? string.Concat(Directory.EnumerateFiles(Licenses).Order(StringComparer.Ordinal).Select(File.ReadAllText))
            : "";
        var plain = string.Concat(text.Where(letter => letter is '\n' or (>= ' ' and <= '~')));
        return "Pages, and what they hold.\n" + plain;
    }
}
