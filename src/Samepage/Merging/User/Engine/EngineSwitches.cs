using System.Diagnostics.CodeAnalysis;

namespace Samepage.Merging.User.Engine;

/// <summary>What is decided when the engine is compiled.</summary>
internal static class EngineSwitches
{
    /// <summary>
    /// Whether SAMEPAGE_BREAK in the environment may break the engine on purpose, so that the tests can show that they
    /// would notice. False in what ships: the compiler leaves out everything behind it.
    /// </summary>
    [FeatureSwitchDefinition("Samepage.Merging.Breakable")]
    public static bool IsBreakable => AppContext.TryGetSwitch("Samepage.Merging.Breakable", out var isOn) && isOn;
}
