namespace Samepage.Merging.Kernel;

/// <summary>The moments of one injection, in their order; tests act between any two of them.</summary>
public enum InjectionStep
{
    /// <summary>The thread is traced and still runs.</summary>
    Seized,

    /// <summary>It stands, with nothing of it changed.</summary>
    Stopped,

    /// <summary>Its signals are blocked (from the third try only).</summary>
    Masked,

    /// <summary>Its registers are those of the call to make.</summary>
    Prepared,

    /// <summary>It stands at the entry to the call.</summary>
    Entered,

    /// <summary>It stands at the exit from the call.</summary>
    Returned,

    /// <summary>It has its own registers and signals again.</summary>
    Restored,

    /// <summary>It stands where the kernel decides whether to restart the call it waited in.</summary>
    Settled,

    /// <summary>It runs, and nobody traces it.</summary>
    Released,
}
