namespace Samepage.SystemTests.Reporting;

/// <summary>A real browser without a window: what a page looks like once its script has run, and what it complained of.</summary>
internal static class Chromium
{
    /// <summary>Where it is; null where there is none.</summary>
    public static string? Path { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .SelectMany(directory => new[] { "chromium", "chromium-browser", "google-chrome", "chrome" }.Select(name => System.IO.Path.Combine(directory, name)))
        .FirstOrDefault(File.Exists);

    /// <summary>Loads a page; skips the test, loudly, where there is no browser.</summary>
    /// <returns>The document after scripts ran, and the lines of the console.</returns>
    public static (string Document, string[] Console) Load(string html)
    {
        Assert.SkipWhen(Path is null, "no chromium on PATH (apt-get install chromium): the report was not seen by a browser");
        var directory = Directory.CreateTempSubdirectory("samepage-browser-").FullName;
        try
        {
            var page = System.IO.Path.Combine(directory, "page.html");
            File.WriteAllText(page, html);
            // The proxy leads nowhere: a page that wanted the network would fail and say so.
            using var browser = Tool.Start(
                Path!,
                ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage",
                    "--proxy-server=127.0.0.1:9", "--window-size=1200,900", $"--user-data-dir={directory}/profile",
                    "--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom", $"file://{page}"]);
            var errors = browser.StandardError.ReadToEndAsync();
            var document = browser.StandardOutput.ReadToEndAsync();
            if (!browser.WaitForExit(TimeSpan.FromSeconds(90)))
            {
                browser.Kill(entireProcessTree: true);
                Assert.Fail("the browser did not come back within 90 s");
            }

            return (document.Result, [.. errors.Result.Split('\n').Where(line => line.Contains(":CONSOLE", StringComparison.Ordinal))]);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
