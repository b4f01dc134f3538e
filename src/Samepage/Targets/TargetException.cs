namespace Samepage.Targets;

/// <summary>A target is gone, unsuitable or was never there. The message is one line and says what to do.</summary>
/// <param name="message">What is wrong with which process.</param>
public sealed class TargetException(string message) : Exception(message);
