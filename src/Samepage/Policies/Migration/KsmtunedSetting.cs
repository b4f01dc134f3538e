namespace Samepage.Policies.Migration;

/// <summary>A setting of ksmtuned, and what becomes of it.</summary>
/// <param name="Name">What ksmtuned calls it.</param>
/// <param name="Value">What it was given, or ksmtuned's default.</param>
/// <param name="Line">Where; null where it is ksmtuned's default.</param>
/// <param name="PolicyKey">The key of the policy that takes its place; null where none does.</param>
/// <param name="Note">What it comes to, or why nothing takes its place.</param>
public sealed record KsmtunedSetting(string Name, string Value, int? Line, string? PolicyKey, string Note);
