using Samepage.Bench.Measuring;
using Samepage.Scenarios;

namespace Samepage.Bench;

/// <summary>What one engine did with one fleet of guests. Pages are of 4096 bytes.</summary>
internal sealed record EngineTrial
{
    private const double Share = 0.95;

    public required int Round { get; init; }
    public required string Fleet { get; init; }
    public required string Engine { get; init; }
    public required int Guests { get; init; }
    public required int GuestsVerified { get; init; }
    public required Oracle Oracle { get; init; }

    /// <summary>What perfect merging of the memory that is offered would save.</summary>
    public required long OraclePages { get; init; }

    /// <summary>To 95 % of the oracle's saving; null where it was never reached.</summary>
    public required double? CpuSecondsTo95 { get; init; }
    public required double? SecondsTo95 { get; init; }

    /// <summary>To 95 % of what this engine itself reached.</summary>
    public required double? CpuSecondsTo95OfOwn { get; init; }
    public required double CpuSecondsToEnd { get; init; }
    public required double SecondsToEnd { get; init; }
    public required bool IsSettled { get; init; }
    public required long SavedPages { get; init; }

    /// <summary>By what MemAvailable grew.</summary>
    public required long AvailableGainBytes { get; init; }

    /// <summary>By what MemAvailable grew when the merged fleet and its engine ended: all that they cost the host.</summary>
    public required long FootprintBytes { get; init; }

    /// <summary>CPU time of the guests themselves, engine's threads taken out, as a part of one processor.</summary>
    public required double GuestCpuBefore { get; init; }
    public required double GuestCpuWhileMerging { get; init; }
    public required double GuestCpuAfter { get; init; }
    public required SteadyState Steady { get; init; }
    public required Metadata Metadata { get; init; }
    public required long MappingsAdded { get; init; }
    public required EngineAccount Account { get; init; }
    public required IReadOnlyList<Progress> Way { get; init; }

    public static EngineTrial Run(
        int round, string name, IReadOnlyList<GuestRecipe> recipes, IMerging engine, TimeSpan rest)
    {
        using var fleet = GuestRecipe.Fleet(recipes, engine.Environment);
        fleet.Start(null, CancellationToken.None);
        int[] pids = [.. fleet.Programs.Select(program => program.Pid)];
        Thread.Sleep(TimeSpan.FromSeconds(3));
        var oracle = Oracle.Look(pids);
        var idle = ProgramCpu.Over(pids, TimeSpan.FromSeconds(5));
        var (slabs, memory, mappings) = (Slabs.Read(), HostMemory.Steady(TimeSpan.FromSeconds(3)), FleetMemory.Mappings(pids));
        var programs = ProgramCpu.Read(pids);
        engine.Begin(pids);
        var (way, isSettled) = Convergence.Watch(engine, TimeSpan.FromMinutes(10));
        var busy = ProgramCpu.Since(programs, pids, way[^1].Seconds);
        var saved = engine.SavedPages;
        var after = HostMemory.Steady(TimeSpan.FromSeconds(3));
        var metadata = Metadata.Between(slabs, memory, after, engine.Account, oracle.OfferedPresentPages);
        var steady = SteadyState.Measure(engine, oracle.OfferedPresentPages, rest);
        var trial = new EngineTrial
        {
            Round = round,
            Fleet = name,
            Engine = engine.Name,
            Guests = pids.Length,
            GuestsVerified = 0,
            Oracle = oracle,
            OraclePages = oracle.OfferedPages,
            CpuSecondsTo95 = Convergence.At(way, oracle.OfferedPages * Share)?.CpuSeconds,
            SecondsTo95 = Convergence.At(way, oracle.OfferedPages * Share)?.Seconds,
            CpuSecondsTo95OfOwn = Convergence.At(way, saved * Share)?.CpuSeconds,
            CpuSecondsToEnd = way[^1].CpuSeconds,
            SecondsToEnd = way[^1].Seconds,
            IsSettled = isSettled,
            SavedPages = saved,
            AvailableGainBytes = after.AvailableBytes - memory.AvailableBytes,
            FootprintBytes = 0,
            GuestCpuBefore = idle,
            GuestCpuWhileMerging = busy,
            GuestCpuAfter = ProgramCpu.Over(pids, TimeSpan.FromSeconds(5)),
            Steady = steady,
            Metadata = metadata,
            MappingsAdded = FleetMemory.Mappings(pids) - mappings,
            Account = engine.Account,
            Way = [.. way.Where((_, at) => at % 10 == 0)],
        };
        return trial with { GuestsVerified = Verified(fleet), FootprintBytes = Footprint(fleet, engine) };
    }

    public void Print()
    {
        void Line(string name, FormattableString value) => Console.WriteLine($"  {name,-36}{FormattableString.Invariant(value)}");
        Console.WriteLine($"{Guests} guests {Fleet}, {Engine} engine, round {Round}");
        Line("oracle", $"{OraclePages} of {Oracle.OfferedPresentPages} pages offered ({Oracle.SavablePages + Oracle.ZeroPages} of {Oracle.PresentPages} in the whole processes)");
        Line("saved", $"{SavedPages} pages, {100.0 * SavedPages / OraclePages:F1} % of the oracle{(IsSettled ? "" : ", NOT SETTLED")}");
        Line("MemAvailable grew by", $"{AvailableGainBytes >> 20} MiB ({100.0 * AvailableGainBytes / 4096 / OraclePages:F1} %); footprint {FootprintBytes >> 20} MiB");
        Line("CPU to 95 % of the oracle", $"{CpuSecondsTo95:F2} s in {SecondsTo95:F1} s; to 95 % of its own {CpuSecondsTo95OfOwn:F2} s; to the end {CpuSecondsToEnd:F2} s in {SecondsToEnd:F1} s");
        Line("steady, CPU a whole look", $"{Steady.CpuSecondsAPass:F3} s ({Steady.NanosecondsAPageAndPass:F0} ns a page), {Steady.Passes:F1} looks in {Steady.Seconds:F0} s, {Steady.CpuPercent:F2} % of a processor");
        Line("guests' own CPU", $"{100 * GuestCpuBefore:F1} % before, {100 * GuestCpuWhileMerging:F1} % meanwhile, {100 * GuestCpuAfter:F1} % after");
        Line("metadata, bytes a page", $"{Metadata.BytesAPage:F1} (slabs {Metadata.SlabBytes >> 10} KiB, page tables {Metadata.PageTableBytes >> 10} KiB, engine {Metadata.EngineBytes >> 10} KiB, keeper {Metadata.KeeperBytes >> 10} KiB)");
        if (Engine == "user")
        {
            Line("CPU, threads + keeper + children", $"{Account.EngineThreadCpuSeconds:F2} + {Account.KeeperCpuSeconds:F2} + {Account.ChildrenCpuSeconds:F2} s; engine's own account {Account.ReportedCpuSeconds:F2} s");
            Line("segments, mappings added", $"{Account.Segments}, {MappingsAdded} (engine's account {Account.Mappings})");
            Line("longest window, p99.9", $"{Account.StallMaxMicroseconds:F0} us, < {Account.StallMicroseconds999:F0} us");
            Line("reasons", $"{string.Join("; ", Account.Reasons)}");
        }

        Line("guests verified", $"{GuestsVerified} of {Guests}");
    }

    private static int Verified(ProgramFleet fleet) =>
        fleet.Verify(CancellationToken.None).Count(check => check is { IsUnchanged: true });

    private static long Footprint(ProgramFleet fleet, IMerging engine)
    {
        var merged = HostMemory.Steady(TimeSpan.FromSeconds(3));
        fleet.Dispose();
        (engine as UserMerging)?.Dispose();
        Thread.Sleep(TimeSpan.FromSeconds(2));
        return HostMemory.Steady(TimeSpan.FromSeconds(3)).AvailableBytes - merged.AvailableBytes;
    }
}
