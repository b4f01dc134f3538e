using Samepage.Server.Http;

namespace Samepage.SystemTests.Browsing;

/// <summary>
/// The page with two hundred guests and a month of history, made up. Where SAMEPAGE_PICTURES names a directory, pictures
/// of it are kept there: that is how docs/screenshots makes those of the documentation.
/// </summary>
public sealed class PictureTests : IDisposable
{
    private const string TooWide =
        "[...document.querySelectorAll('body *')].filter(one => !one.parentElement.closest('.scroll, nav, .plot') && one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 90)).join()";

    private readonly MadeUpDashboard _made = new();
    private readonly HttpServer _server;
    private readonly string _address;

    public PictureTests()
    {
        var endpoint = Loopback.Free();
        _server = HttpServer.Start(endpoint, _made.Answer);
        _address = $"http://{endpoint}/";
    }

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData("light", 1360, 1180, false)]
    [InlineData("dark", 1360, 1180, true)]
    [InlineData("phone", 390, 844, false)]
    public void Two_hundred_guests_and_a_month_are_shown(string name, int width, int height, bool isDark)
    {
        using var browser = new Browser();
        browser.Open(_address, width, height, isDark, name == "phone" ? 2 : 1);
        browser.Until($"document.querySelectorAll('#process-table tbody tr[data-pid]').length === {_made.Rows}");
        browser.Until("document.querySelectorAll('#estimate-result .matrix tbody tr').length === 16");
        browser.Value("document.querySelector('#ranges button:nth-child(3)').click()");
        browser.Until("document.querySelectorAll('#charts .plot canvas, #charts svg.plain').length === 3");
        browser.Until("document.querySelector('#ranges button:nth-child(3)').getAttribute('aria-pressed') === 'true'");

        // Nothing is wider than the window: what is, scrolls in a box of its own.
        Assert.Equal("", browser.Value(TooWide)!.GetValue<string>());
        Assert.Empty(browser.Complaints);
        if (Environment.GetEnvironmentVariable("SAMEPAGE_PICTURES") is { Length: > 0 } directory)
        {
            Thread.Sleep(2500);
            browser.Picture(Path.Combine(directory, $"dashboard-{name}.png"));
            browser.Value("document.getElementById('sharing').scrollIntoView()");
            Thread.Sleep(500);
            browser.Picture(Path.Combine(directory, $"dashboard-{name}-sharing.png"));
        }
    }
}
