namespace Samepage.Scenarios;

/// <summary>A scenario's program could not be built, did not come up, or did not answer. The message is one line.</summary>
/// <param name="message">What went wrong, and what the program said last.</param>
public sealed class ScenarioException(string message) : Exception(message);
