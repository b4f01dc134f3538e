using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Linux.Proc;
using Samepage.Policies;
using Samepage.Policies.Migration;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage migrate ksmtuned</c>: prints the policy that ksmtuned's configuration comes to. Changes nothing.</summary>
internal static class MigrateKsmtunedCommand
{
    /// <summary>A configuration is a page of text; what is larger is another file.</summary>
    private const int FileBytesMax = 1 << 20;

    private static readonly Argument<string> s_file = new("FILE") { Description = $"Its configuration (default: {KsmtunedFile.DefaultPath}); - for standard input", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => KsmtunedFile.DefaultPath };
    private static readonly Option<string?> s_host = new("--host") { Description = "The memory of the host that it is for (default: of this one)", HelpName = "SIZE" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Write JSON instead of TOML" };

    public static Command Create()
    {
        var command = new Command("ksmtuned", "Print the policy that a configuration of ksmtuned comes to.") { s_file, s_host, s_json };
        Manual.Add(
            command,
            "What carries over is the quickest pace that ksmtuned would have set, as a budget of CPU time; of each other setting a comment says why nothing takes its place. ksmtuned has a shell execute its configuration; here nothing is executed, and a line that is no plain NAME=VALUE is refused.",
            "The result is a policy: 'samepage migrate ksmtuned > /etc/samepage/conf.d/50-ksmtuned.toml', and 'samepage check-config' reads it. Stop ksmtuned before the daemon starts.",
            "Exit status: 0 printed; 2 the file does not exist or cannot be followed, with file and line; 4 it may not be read.");
        command.SetVerb((parsed, _) => Run(parsed));
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var file = parsed.GetValue(s_file)!;
        var host = parsed.GetValue(s_host) is { } size ? SizeText.Parse("--host", size) : MemInfo.Read(new ProcFs()).TotalBytes;
        try
        {
            var migration = KsmtunedMigration.Of(file, Text(file), host);
            Console.Out.Write(parsed.GetValue(s_json) ? MigrateJson.From(file, migration).ToText() : migration.ToPolicy(file));
            return ExitCode.Done;
        }
        catch (PolicyException wrong)
        {
            throw new CommandFailure(ExitCode.Usage, wrong.Message);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException || Directory.Exists(file))
        {
            throw new CommandFailure(ExitCode.Usage, $"{file} is no file; name ksmtuned's configuration");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CommandFailure(ExitCode.NotPermitted, $"{file} may not be read by you");
        }
    }

    private static string Text(string file)
    {
        using var stream = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
        var bytes = new byte[FileBytesMax + 1];
        var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return length <= FileBytesMax
            ? System.Text.Encoding.UTF8.GetString(bytes, 0, length)
            : throw new PolicyException(new PolicyPosition(file, 0, 0), "is larger than 1 MiB; a configuration of ksmtuned is not");
    }
}

/// <summary>The migration as <c>samepage.migrate/1</c>.</summary>
/// <param name="Schema">What this is.</param>
/// <param name="Program">The program whose configuration was read.</param>
/// <param name="File">The file.</param>
/// <param name="HostBytes">The memory of the host that it was reckoned for.</param>
/// <param name="Settings">Each setting, and what becomes of it.</param>
/// <param name="Policy">The policy as TOML.</param>
internal sealed record MigrateJson(string Schema, string Program, string File, long HostBytes, IReadOnlyList<KsmtunedSetting> Settings, string Policy)
{
    public static MigrateJson From(string file, KsmtunedMigration migration) =>
        new("samepage.migrate/1", "ksmtuned", file, migration.HostBytes, migration.Settings, migration.ToPolicy(file));

    public string ToText() => JsonSerializer.Serialize(this, MigrateJsonContext.Default.MigrateJson) + "\n";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(MigrateJson))]
internal sealed partial class MigrateJsonContext : JsonSerializerContext;
