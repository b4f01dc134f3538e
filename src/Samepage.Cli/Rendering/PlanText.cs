using Samepage.Planning;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>A plan, for people.</summary>
internal static class PlanText
{
    public static void Write(IAnsiConsole console, GuestPlan plan, IReadOnlyList<string> assumptions)
    {
        var guest = plan.Guest;
        console.WriteParagraph(Verdict(plan), plan.Fits ? "green" : "yellow");
        console.WriteLine();
        StatusText.Line(console, "a guest", $"{Readable.Size(guest.ResidentBytes)} in use of {Readable.Size(guest.SizeBytes)}: {Readable.Size(guest.UniqueBytes)} its own, {Readable.Size(guest.CommonBytes)} like the others, {Readable.Size(guest.MergedBytes - guest.CommonBytes)} duplicate or zero; {Readable.Size(guest.OverheadBytes)} besides");
        StatusText.Line(console, "host", $"{Readable.Size(plan.Host.Bytes)}, less {Readable.Size(plan.Host.ReserveBytes)} for itself: {Readable.Size(plan.Host.ForGuestsBytes)} for guests; {Readable.Size(plan.Host.SwapBytes)} of swap");
        StatusText.Line(console, "unmerged", $"{Readable.Size(plan.UnmergedBytes)}: {Readable.Count(plan.GuestsFitUnmerged, "guest", "guests")} would fit so");
        StatusText.Line(console, "merged", $"{Readable.Size(plan.MergedBytes)}, and {Readable.Size(plan.PeakBytes)} while the last one arrives: {Readable.Count(plan.GuestsFit, "guest fits", "guests fit")} so");
        StatusText.Line(console, "exposure", $"{Readable.Size(plan.Coverage.ExposureBytes)} would be needed if every merged page broke");
        StatusText.Line(console, "headroom", plan.Coverage.HeadroomBytes < 0 ? $"none; {Readable.Size(-plan.Coverage.HeadroomBytes)} are missing" : $"{Readable.Size(plan.Coverage.HeadroomBytes)} once all is merged");
        StatusText.Line(console, "coverage", GuestWords.Coverage(plan.Coverage.Ratio));
        StatusText.Line(console, "swap", $"{Readable.Size(plan.SwapForBreaksBytes)} more to have ready, so that everything breaking at once would still fit; {Readable.Size(plan.SwapForFullUseBytes)} if each guest also used all of its memory");
        console.WriteHeading("It assumes that");
        foreach (var assumption in assumptions)
        {
            console.WriteParagraph($"- {assumption}", indent: 2);
        }
    }

    private static string Verdict(GuestPlan plan)
    {
        var guests = $"{Readable.Count(plan.Guests, "guest", "guests")} of {Readable.Size(plan.Guest.SizeBytes)}";
        var use = plan.Guest.ResidentBytes < plan.Guest.SizeBytes ? $", as long as each uses no more than {Readable.Size(plan.Guest.ResidentBytes)}" : "";
        return plan.Fits
            ? $"{guests} fit, {(plan.Guests <= plan.GuestsFitUnmerged ? "even with nothing merged" : "once merged")}{use}."
            : $"{guests} do not fit: {Readable.Count(plan.GuestsFit)} would{use}.";
    }
}
