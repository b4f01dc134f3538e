using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Samepage.Tests.Abi;

/// <summary>What the C compiler said about one claim.</summary>
public enum AbiVerdict
{
    Confirmed,
    Wrong,

    /// <summary>The host's headers do not know the name.</summary>
    NotInHeaders,
}

/// <summary>Puts claims to gcc, all in one compilation, and reads its answer line by line.</summary>
internal static partial class AbiCompiler
{
    public static bool IsAvailable => File.Exists("/usr/bin/gcc");

    /// <summary>Checks claims against the host's headers, or against the one header of ours that is named.</summary>
    public static IReadOnlyDictionary<string, (AbiVerdict Verdict, string Detail)> Check(IEnumerable<AbiItem> claims, string? ownHeader = null)
    {
        var items = claims.ToArray();
        var source = Source(items, ownHeader, out var firstLine);
        var verdicts = items.ToDictionary(item => item.Name, _ => (AbiVerdict.Confirmed, ""));
        var log = Compile(source, out var exitCode);
        var blamed = false;
        foreach (Match error in ErrorLine().Matches(log))
        {
            var index = int.Parse(error.Groups[1].Value, CultureInfo.InvariantCulture) - firstLine;
            Assert.True(index >= 0 && index < items.Length, $"the headers themselves do not compile:\n{log}");
            var name = items[index].Name;
            blamed = true;
            verdicts[name] = verdicts[name].Item1 == AbiVerdict.NotInHeaders
                ? verdicts[name]
                : (Judge(error.Groups[2].Value), $"{items[index].Assertion}: {error.Groups[2].Value}");
        }

        Assert.True((exitCode == 0) == !blamed, $"gcc failed without naming a line:\n{log}");
        return verdicts;
    }

    private static AbiVerdict Judge(string message) =>
        message.Contains("undeclared", StringComparison.Ordinal) || message.Contains("incomplete type", StringComparison.Ordinal)
        || message.Contains("undefined type", StringComparison.Ordinal)
            ? AbiVerdict.NotInHeaders
            : AbiVerdict.Wrong;

    private static string Source(AbiItem[] items, string? ownHeader, out int firstLine)
    {
        var source = new StringBuilder("#define _GNU_SOURCE\n#include <stddef.h>\n");
        foreach (var include in ownHeader is null ? AbiHeaders.Includes : [])
        {
            source.Append(CultureInfo.InvariantCulture, $"#if __has_include(<{include}>)\n#include <{include}>\n#endif\n");
        }

        source.Append(ownHeader is null ? AbiHeaders.YoungerThanSomeHosts : $"#include \"{ownHeader}\"").Append('\n');
        firstLine = source.ToString().Count(letter => letter == '\n') + 1;
        foreach (var item in items)
        {
            source.Append(CultureInfo.InvariantCulture, $"_Static_assert({item.Assertion}, \"{item.Name}\");\n");
        }

        return source.ToString();
    }

    private static string Compile(string source, out int exitCode)
    {
        var start = new ProcessStartInfo("gcc", ["-x", "c", "-std=gnu17", "-fsyntax-only", "-fmax-errors=0", "-w", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            Environment = { ["LC_ALL"] = "C" },
        };
        using var gcc = Process.Start(start)!;
        var log = gcc.StandardError.ReadToEndAsync();
        gcc.StandardInput.Write(source);
        gcc.StandardInput.Close();
        gcc.WaitForExit();
        exitCode = gcc.ExitCode;
        return log.Result;
    }

    [GeneratedRegex(@"^<stdin>:(\d+):\d+: error: (.*)$", RegexOptions.Multiline)]
    private static partial Regex ErrorLine();
}
