using System.Text;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Merging.User.Keeping;
using Samepage.Server.History;
using Samepage.Server.Http;
using Samepage.Server.Loop;
using Samepage.Tests.Serving;

namespace Samepage.Tests.Docs;

/// <summary>The metrics of a daemon on a made-up host, with each kind of thing that they can tell of.</summary>
internal sealed class MetricsOfAHost : IDisposable
{
    private readonly MadeUpHost _host = new();
    private readonly Daemon _daemon;

    public MetricsOfAHost()
    {
        _host.Policy("[[rule]]\nname = \"guests\"\nmatch = { comm = \"^qemu\" }\nengine = \"kernel\"\n");
        _host.Process(100, "qemu");
        _host.Merged(64);
        _host.Memory(availableMiB: 64, swapFreeMiB: 0);
        _daemon = _host.Start();
        _host.Pass(_daemon, 20);
        var routes = new Routes(
            () => _daemon.Status, new DecisionSource(_host.Log!, _daemon.RuleOf, () => TimeSpan.Zero),
            new ProcessFigures(() => new ProcessSurvey([new ProcessMerging(7, "qemu", 5, 1, 9, OptInKind.Regions, true)], 0, 0, false, false), _host.Clock),
            new HistoryDesk(() => null, _host.Clock, () => { }),
            () => new BesideFigures([new(DomainReport.SchemaName, "web", 70, 1, 1, 1, 1, 1, 1, new SegmentsReport(1, 1, 4096, 0), [])], new Dictionary<string, bool> { ["web"] = false }, true));
        Text = Encoding.UTF8.GetString(routes.Answer("/metrics", "").Body);
    }

    public string Text { get; }

    public void Dispose()
    {
        _daemon.Dispose();
        _host.Dispose();
    }
}
