using Samepage.Governing;

namespace Samepage.Bench.Peers;

/// <summary>Settings of the kernel that are made once: what it comes with, a quick pace, its own advisor.</summary>
internal sealed class SettingsPeer(string name, SavedSettings settings, params (string File, string Value)[] values) : IPeer
{
    public string Name => name;

    public double CpuSeconds => 0;

    public long ResidentBytes => 0;

    public void Begin()
    {
        foreach (var (file, value) in values)
        {
            settings.Set(file, value);
        }

        settings.Set("run", "1");
    }

    public void Dispose()
    {
        settings.Set("run", "0");
        if (values.Any(value => value.File == "advisor_mode"))
        {
            settings.Set("advisor_mode", "none");
        }
    }
}
