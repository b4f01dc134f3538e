using Samepage.Scenarios;
using Samepage.Scenarios.Guests;

namespace Samepage.Bench.Measuring;

/// <summary>What a guest of a fleet is made of.</summary>
/// <param name="Megabytes">Its memory.</param>
/// <param name="SkippedMegabytes">Files of the machine that its own files come after: other ones than those of a guest with another number.</param>
/// <param name="KernelWords">More words for its kernel.</param>
internal sealed record GuestRecipe(int Megabytes, int SkippedMegabytes = 0, string KernelWords = "")
{
    /// <summary>So many guests from one recipe.</summary>
    public static IReadOnlyList<GuestRecipe> Alike(int count, int megabytes) =>
        [.. Enumerable.Repeat(new GuestRecipe(megabytes), count)];

    /// <summary>Guests of other sizes, with other files and other kernel command lines, which have their kernel in common.</summary>
    public static IReadOnlyList<GuestRecipe> Unlike(int megabytes) =>
    [
        new(megabytes),
        new(Math.Max(128, megabytes / 2), 400, "nokaslr"),
        new(Math.Max(128, megabytes * 3 / 4), 0, "init_on_alloc=1"),
        new(megabytes, 400, "init_on_free=1"),
    ];

    /// <summary>Guests of these recipes, not started yet. They ask for merging themselves, as QEMU does by default.</summary>
    public static ProgramFleet Fleet(
        IReadOnlyList<GuestRecipe> recipes, IReadOnlyDictionary<string, string> environment, int churnMegabytes = 0, int firstNumber = 1, string? emulator = null)
    {
        var tools = GuestTools.Find(out var missing)
            ?? throw new InvalidOperationException("no guests here; missing: " + string.Join(", ", missing));
        tools = emulator is null ? tools : tools with { Qemu = emulator };
        return new ProgramFleet([.. recipes.Select((recipe, at) => new Guest(
            tools, tools.Kernels[0],
            GuestImage.Prepare(
                tools, GuestImage.SharedBytesFor(recipe.Megabytes), CacheDirectory.Default, (long)recipe.SkippedMegabytes << 20),
            new GuestOptions(firstNumber + at, recipe.Megabytes)
            {
                MergesMemory = true,
                Environment = environment,
                KernelWords = recipe.KernelWords,
                ChurnMegabytes = churnMegabytes,
            }))]);
    }
}
