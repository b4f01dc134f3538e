using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Samepage.Cli.Rendering;
using Samepage.Linux;
using Samepage.Planning;
using Samepage.Server.Dashboard;

namespace Samepage.Cli;

/// <summary>
/// Plans as <c>samepage plan</c> does, and has <c>samepage estimate</c> look in a process of its own, so that its memory
/// is not the daemon's and a look that goes wrong ends nothing else.
/// </summary>
/// <param name="self">The command line that runs this program with other arguments, the executable first.</param>
/// <param name="grace">How long a look may go on beyond its limit before it is ended.</param>
internal sealed class WhatIf(Func<IEnumerable<string>, string[]> self, TimeSpan grace) : IWhatIf
{
    /// <summary>Of more than this contents are sampled: the look then keeps within some 40 MB beside its own 30, as the daemon's unit allows.</summary>
    private const long WholeBytesMax = 4L << 30;

    private const int AnswerBytesMax = 8 << 20;
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(10);

    /// <summary>Looks by this very program.</summary>
    public WhatIf()
        : this(arguments => SelfProcess.Command(arguments), s_grace)
    {
    }

    /// <inheritdoc/>
    public byte[] Plan(PlanQuestion question, byte[]? estimate)
    {
        try
        {
            var profile = estimate is null ? SharingProfile.None : EstimateFile.Parse("the estimate", estimate);
            var source = estimate is null ? ProfileSource.None : ProfileSource.Estimate;
            var request = new PlanRequest(
                question.GuestSize ?? throw new WhatIfException("say how much memory each guest is given: 512M, 1G, 1.5G"),
                question.Guests, question.Host, question.Reserve, question.Swap);
            var (plan, kind, assumptions) = request.Make(size => new GuestKind(source, profile, 0, GuestDemand.Of(size, profile, 0)));
            return Encoding.UTF8.GetBytes(PlanJson.From(plan, kind, assumptions).ToText());
        }
        catch (Exception wrong) when (wrong is CommandFailure or LinuxException)
        {
            throw new WhatIfException(wrong.Message.Replace("--estimate the estimate", "the estimate", StringComparison.Ordinal).Replace("--", "", StringComparison.Ordinal));
        }
    }

    /// <inheritdoc/>
    public byte[] Estimate(IReadOnlyList<int> pids, TimeSpan limit)
    {
        var list = string.Join(',', pids.Select(pid => pid.ToString(CultureInfo.InvariantCulture)));
        var seconds = string.Create(CultureInfo.InvariantCulture, $"{limit.TotalSeconds:0}s");
        var command = self(["estimate", "--json", "--workers", "1", "--time-limit", seconds, "--pid", list, .. Sampling(pids)]);
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        BeKilledFirst(process);

        // It ends by itself at its limit; one that does not is ended.
        using var patience = new Timer(_ => End(process), null, limit + grace, Timeout.InfiniteTimeSpan);
        try
        {
            var errors = process.StandardError.ReadToEndAsync();
            var output = Read(process.StandardOutput.BaseStream);
            process.WaitForExit();
            var told = errors.GetAwaiter().GetResult().Trim();
            return process.ExitCode == 0 && IsEstimate(output)
                ? output
                : throw new WhatIfException(told.Length > 0 ? told.Replace("samepage: ", "", StringComparison.Ordinal) : "the look was ended before it gave an answer");
        }
        finally
        {
            End(process);
        }
    }

    private static IEnumerable<string> Sampling(IReadOnlyList<int> pids)
    {
        var proc = new Linux.Proc.ProcFs();
        var bytes = pids.Sum(pid => Linux.Proc.ProcessStatus.TryRead(proc, pid)?.ResidentBytes ?? 0);
        return bytes > WholeBytesMax ? ["--sample", string.Create(CultureInfo.InvariantCulture, $"1/{Math.Min((bytes / WholeBytesMax) + 1, 1_000_000)}")] : [];
    }

    /// <summary>Where memory runs out, the look goes and not the daemon, from which it has inherited to be spared.</summary>
    private static void BeKilledFirst(Process process)
    {
        try
        {
            File.WriteAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/oom_score_adj"), "500");
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // It has ended.
        }
    }

    private static byte[] Read(Stream stream)
    {
        using var output = new MemoryStream();
        var buffer = new byte[64 << 10];
        for (int got; (got = stream.Read(buffer)) > 0;)
        {
            if (output.Length + got > AnswerBytesMax)
            {
                throw new WhatIfException("the estimate is longer than any should be");
            }

            output.Write(buffer, 0, got);
        }

        return output.ToArray();
    }

    private static bool IsEstimate(byte[] output)
    {
        try
        {
            using var document = JsonDocument.Parse(output);
            return document.RootElement.GetProperty("schema").GetString() == "samepage.estimate/1";
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }

    private static void End(Process process)
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }
    }
}
