namespace Samepage.SystemTests.Integration;

/// <summary>Domains as libvirt writes them: by libvirt itself where virsh is installed, whose test driver needs no daemon.</summary>
internal static class DomainXml
{
    /// <summary>A domain with the given elements; whatever else a domain has is there too.</summary>
    /// <param name="memory">The element, and those before it.</param>
    /// <param name="more">Elements that follow.</param>
    public static string Of(string memory, string more = "") => $"""
        <domain type='kvm' id='3' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
          <name>web</name>
          <uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa0</uuid>
          <title>A guest of 512 &lt;memory&gt;</title>
          <metadata>
            <app:info xmlns:app="urn:example:app"><app:memory>77</app:memory></app:info>
            <memory xmlns="urn:example:other">99</memory>
          </metadata>
          {memory}
          <currentMemory unit='KiB'>524288</currentMemory>
          {more}
          <vcpu placement='static'>2</vcpu>
          <numatune>
            <memory mode='strict' nodeset='0'/>
          </numatune>
          <os>
            <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
            <boot dev='hd'/>
          </os>
          <on_poweroff>destroy</on_poweroff>
          <devices>
            <emulator>/usr/bin/qemu-system-x86_64</emulator>
            <memory model='dimm'><target><size unit='KiB'>524287</size><node>0</node></target></memory>
            <memballoon model='virtio'/>
          </devices>
        </domain>
        """;

    /// <summary>The same domain as libvirt writes it back; skips the test where virsh is missing.</summary>
    public static string ByLibvirt(string memory)
    {
        Assert.SkipUnless(Tool.Run("sh", "-c", "command -v virsh").Status == 0, "virsh (libvirt-clients) is not installed");
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, $"<domain type='test'><name>web</name>{memory}<vcpu>1</vcpu><numatune><memory mode='strict' nodeset='0'/></numatune><os><type>hvm</type></os></domain>");
            var (status, output, errors) = Tool.Run("virsh", "-q", "-c", "test:///default", $"define {file}; dumpxml web");
            Assert.True(status == 0, errors);
            return output[output.IndexOf("<domain", StringComparison.Ordinal)..];
        }
        finally
        {
            File.Delete(file);
        }
    }
}
