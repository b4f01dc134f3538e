using System.Globalization;

namespace Samepage.SystemTests.UserEngine;

/// <summary>A member that holds memory and does as it is told (Targets/user_holder.c).</summary>
internal sealed class Holder : IDisposable
{
    /// <summary>Starts one, or any program that speaks like it.</summary>
    public Holder(TargetProgram program, int pages)
    {
        Program = program;
        Pages = pages;
        Address = ulong.Parse(program.Expect("ready"), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    /// <summary>Starts one in a domain; equal seeds give equal contents.</summary>
    public Holder(TestDomain domain, int seed, int pages)
        : this(domain.Start("user_holder", $"{seed}", $"{pages}"), pages)
    {
    }

    public TargetProgram Program { get; }

    public int Pid => Program.Pid;

    /// <summary>Where its advised memory lies, and how much it is.</summary>
    public ulong Address { get; }

    public int Pages { get; }

    /// <summary>The frame of each of its pages, 0 where none is present.</summary>
    public ulong[] Frames => MemberFrames.Of(Pid, Address, Pages);

    /// <summary>Gives an order, and the answer without the word that must stand before it.</summary>
    public string Ask(string order, string answer, int seconds = 30)
    {
        Program.WriteLine(order);
        return Program.Expect(answer, TimeSpan.FromSeconds(seconds));
    }

    /// <summary>How many of its duplicates are merged after waiting for a share of them.</summary>
    public (int Merged, int Duplicates) Await(int percent, int seconds = 20)
    {
        var words = Ask($"await {percent} {seconds}", "merged", 40).Split(' ');
        return (Number(words[0]), Number(words[2]));
    }

    /// <summary>Fails the test where not so many in a hundred of its duplicates get merged.</summary>
    public void AssertMerges(int percent = 90)
    {
        var (merged, duplicates) = Await(percent);
        Assert.True(merged >= duplicates * percent / 100, $"only {merged} of {duplicates} duplicates were merged: {State()}");
    }

    /// <summary>Fails the test where a byte is not what was written.</summary>
    public void AssertIntact() => Ask("check", "intact");

    /// <summary>State, mappings and reason, as the engine in it says.</summary>
    public (int State, long Mappings, string Reason) State()
    {
        var words = Ask("state", "state").Split(' ', 5);
        return (Number(words[0]), Number(words[2]), words.Length > 4 ? words[4] : "");
    }

    public void Dispose() => Program.Dispose();

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
