using System.Globalization;
using System.IO.Compression;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using Samepage.SystemTests.UserEngine;

namespace Samepage.SystemTests.Packaging;

/// <summary>The NuGet package, used by a program that has nothing else of Samepage.</summary>
public sealed partial class NuGetPackageTests(PackageBuild packages) : IClassFixture<PackageBuild>
{
    private static readonly string[] s_surface =
    [
        "Samepage.Linux.Errno", "Samepage.Linux.LinuxException", "Samepage.MergeDomain", "Samepage.MergeDomainOptions",
        "Samepage.MergeLimits", "Samepage.MergePace", "Samepage.MergeState", "Samepage.MergeStatistics", "Samepage.MergeableMemory",
    ];

    [Fact]
    public void A_program_that_restores_it_merges()
    {
        var package = Assert.Single(packages.Build("build-nuget"));
        using (var archive = ZipFile.OpenRead(package))
        {
            Assert.Subset(
                archive.Entries.Select(entry => entry.FullName).ToHashSet(),
                new HashSet<string>
                {
                    "runtimes/linux-x64/native/samepage", "runtimes/linux-x64/native/libsamepage.so", "runtimes/linux-x64/native/libsamepage-engine.so",
                    "lib/net10.0/Samepage.dll", "lib/net10.0/Samepage.xml", "README.md", "LICENSE",
                });
        }

        var program = BuildConsumer();
        AssertSurface(Path.Combine(program, "Samepage.dll"));

        // No keeper is named: it is the package's own.
        var (status, output, errors) = Tool.Run(
            Path.Combine(program, "workers"), ["--workers", "2", "--domain", NativeBuild.Domain("package")],
            new Dictionary<string, string> { ["SAMEPAGE_LIBRARY"] = "" });
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.True(status == 0, output + errors);
        Assert.Contains("data intact in 2 of 2", output, StringComparison.Ordinal);
        var memory = MemoryLine().Match(output);

        // Two copies became one; what each runtime needs is in both figures.
        Assert.True(Number(memory, 1) - Number(memory, 2) > Number(LoadedLine().Match(output), 1) / 2, output);
    }

    /// <summary>A copy of the example, outside of the repository, with a cache of packages of its own.</summary>
    private string BuildConsumer()
    {
        var examples = Path.Combine(SamepageCommand.Repository, "examples");
        var copy = Path.Combine(packages.Directory, "consumer");
        foreach (var directory in new[] { "workers-dotnet", "workers-dotnet-package" })
        {
            var to = Directory.CreateDirectory(Path.Combine(copy, "examples", directory)).FullName;
            foreach (var file in Directory.GetFiles(Path.Combine(examples, directory)))
            {
                File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
            }
        }

        File.Copy(Path.Combine(SamepageCommand.Repository, "Directory.Build.props"), Path.Combine(copy, "Directory.Build.props"));
        var output = Path.Combine(copy, "out");
        var (status, said, errors) = Tool.Run(
            "dotnet",
            ["build", Path.Combine(copy, "examples", "workers-dotnet-package"), "-c", "Release", "-o", output, "-v", "quiet", "--nologo",
                $"-p:RestoreSources={packages.Directory}", "-nodeReuse:false"],
            new Dictionary<string, string> { ["NUGET_PACKAGES"] = Path.Combine(copy, "packages") });
        Assert.True(status == 0, said + errors);
        return output;
    }

    private static void AssertSurface(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        var exported = metadata.TypeDefinitions.Select(metadata.GetTypeDefinition)
            .Where(type => (type.Attributes & TypeAttributes.VisibilityMask) == TypeAttributes.Public)
            .Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}");
        Assert.Equal(s_surface.Order(StringComparer.Ordinal), exported.Order(StringComparer.Ordinal));
    }

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"memory of all workers: (\d+) MiB without, (\d+) MiB with merging")]
    private static partial Regex MemoryLine();

    [GeneratedRegex(@"workers loaded (\d+) MiB each")]
    private static partial Regex LoadedLine();
}
