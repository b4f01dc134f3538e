using Samepage.Linux;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// The engine's open descriptors, kept where the gate finds them: a forked child closes them, so that it does not hold
/// its parent's connection and segments open. Written by the engine's thread under the hold lock, which fork takes.
/// </summary>
internal sealed unsafe class DescriptorTable(Gate* gate, GateCalls* calls)
{
    /// <summary>Notes one; where the table is full a child will not close it, which costs memory and nothing else.</summary>
    public void Add(int descriptor) => Replace(-1, descriptor);

    /// <summary>Strikes one out, before it is closed.</summary>
    public void Remove(int descriptor) => Replace(descriptor, -1);

    /// <summary>Closes one that is not in the table.</summary>
    public static void Close(int descriptor) => FileHandle.Close(descriptor);

    private void Replace(int old, int descriptor)
    {
        calls->Hold();
        // SAFETY: the table has DescriptorsMax entries, of which DescriptorCount are in use.
        for (var i = 0; i < gate->DescriptorCount; i++)
        {
            if (gate->Descriptors[i] == old)
            {
                gate->Descriptors[i] = descriptor;
                calls->Release();
                return;
            }
        }

        if (descriptor >= 0 && gate->DescriptorCount < Gate.DescriptorsMax)
        {
            gate->Descriptors[gate->DescriptorCount++] = descriptor;
        }

        calls->Release();
    }
}
