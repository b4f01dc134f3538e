using System.CommandLine;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage migrate</c>: what another program was told, as a policy.</summary>
internal static class MigrateCommand
{
    public static Command Create() => new("migrate", "Say what another program's configuration comes to as a policy.")
    {
        MigrateKsmtunedCommand.Create(),
    };
}
