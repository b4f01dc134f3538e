using System.CommandLine;
using Samepage.Server.Http;

namespace Samepage.Cli.Commands;

internal static class ServeCommand
{
    public static Command Create()
    {
        var command = new Command("serve", "Govern the scan, guard the host, and show what happens.");
        command.SetVerb((parsed, cancel) =>
        {
            using var server = HttpServer.Start(HttpServer.Address("127.0.0.1:7399"), (path, _) => HttpAnswer.Of(200, HttpAnswer.Text, path));
            cancel.WaitHandle.WaitOne();
            return 0;
        });
        return command;
    }
}
