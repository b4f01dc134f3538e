namespace Samepage.Cli;

/// <summary>What the command's exit status means; the numbers are a contract.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Missing = 3;
    public const int NotPermitted = 4;
    public const int TargetUnsuitable = 5;
    public const int RefusedByGuard = 6;
}
