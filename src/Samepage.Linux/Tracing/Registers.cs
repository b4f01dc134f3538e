using Samepage.Linux.Interop;

namespace Samepage.Linux.Tracing;

/// <summary>The general registers of a stopped x86-64 thread: a value, changed by making another.</summary>
public readonly record struct Registers
{
    /// <summary>The code segment of 64-bit user code.</summary>
    private const ulong UserCode64 = 0x33;

    private readonly Libc.user_regs_struct _raw;

    internal Registers(in Libc.user_regs_struct raw) => _raw = raw;

    internal Libc.user_regs_struct Raw => _raw;

    /// <summary>The instruction that would run next.</summary>
    public ulong InstructionPointer => _raw.rip;

    /// <summary>What a system call answered; negative error numbers are failures.</summary>
    public long Result => (long)_raw.rax;

    /// <summary>The system call that the thread is in, or a negative number where it is in none.</summary>
    public long SystemCall => (long)_raw.orig_rax;

    /// <summary>Whether the thread runs 64-bit code, not code for IA-32.</summary>
    public bool Is64Bit => _raw.cs == UserCode64;

    /// <summary>The same registers with another answer of the system call.</summary>
    public Registers WithResult(long result)
    {
        var raw = _raw;
        raw.rax = (ulong)result;
        return new Registers(raw);
    }

    /// <summary>
    /// Registers under which a <c>syscall</c> instruction makes a call. The thread then counts as being in no system
    /// call, so that the kernel does not restart the one it was in.
    /// </summary>
    public Registers ForCall(ulong syscallInstruction, long number, in CallArguments arguments)
    {
        var raw = _raw;
        raw.rip = syscallInstruction;
        raw.rax = (ulong)number;
        raw.orig_rax = ulong.MaxValue;
        raw.rdi = arguments.First;
        raw.rsi = arguments.Second;
        raw.rdx = arguments.Third;
        raw.r10 = arguments.Fourth;
        raw.r8 = arguments.Fifth;
        raw.r9 = 0;
        return new Registers(raw);
    }
}

/// <summary>Up to five arguments of a system call.</summary>
/// <param name="First">In rdi.</param>
/// <param name="Second">In rsi.</param>
/// <param name="Third">In rdx.</param>
/// <param name="Fourth">In r10.</param>
/// <param name="Fifth">In r8.</param>
public readonly record struct CallArguments(ulong First, ulong Second = 0, ulong Third = 0, ulong Fourth = 0, ulong Fifth = 0);
