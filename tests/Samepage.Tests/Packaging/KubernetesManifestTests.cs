using System.Text.Json;
using k8s;
using k8s.Models;
using Samepage.Cli;
using Samepage.Policies;
using Samepage.Targets;
using Samepage.Tests.Docs;
using YamlDotNet.Core;

namespace Samepage.Tests.Packaging;

/// <summary>
/// The manifest, read strictly as the types of the official client: a field that Kubernetes does not know, or of another
/// type, fails. What it has the container do is something that the executable does.
/// </summary>
public sealed class KubernetesManifestTests
{
    private static readonly string s_text = File.ReadAllText(Path.Combine(Checkout.Root, "packaging", "kubernetes", "samepage-daemonset.yaml"));

    [Fact]
    public void Every_field_is_one_of_kubernetes()
    {
        var objects = Load(s_text);
        Assert.Equal(["V1Namespace", "V1ConfigMap", "V1DaemonSet"], objects.Select(read => read.GetType().Name));
        Assert.All(objects.OfType<IMetadata<V1ObjectMeta>>().Where(read => read is not V1Namespace), read => Assert.Equal("samepage", read.Metadata.NamespaceProperty));

        // The positive control: a field that is none is refused.
        Assert.ThrowsAny<YamlException>(() => Load(s_text.Replace("hostPID:", "hostPid:", StringComparison.Ordinal)));
        Assert.ThrowsAny<YamlException>(() => Load(s_text.Replace("containerPort: 7373", "containerPort: http", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_container_runs_a_command_of_ours_and_mounts_what_there_is()
    {
        var pod = Load(s_text).OfType<V1DaemonSet>().Single().Spec.Template.Spec;
        var container = Assert.Single(pod.Containers);
        Assert.Equal(["samepage"], container.Command);
        Assert.Empty(Program.CreateRoot().Parse([.. container.Args]).Errors);
        Assert.Equal(pod.Volumes.Select(volume => volume.Name).Order(StringComparer.Ordinal), container.VolumeMounts.Select(mount => mount.Name).Order(StringComparer.Ordinal));
        var listen = container.Args[container.Args.IndexOf("--listen") + 1];
        Assert.EndsWith($":{Assert.Single(container.Ports).ContainerPort}", listen, StringComparison.Ordinal);
        Assert.NotEqual(true, container.SecurityContext.Privileged);
    }

    /// <summary>Whoever fills the server's connections must not have the daemon restarted.</summary>
    [Fact]
    public void Probes_ask_by_a_command_of_ours_and_not_by_http()
    {
        var container = Load(s_text).OfType<V1DaemonSet>().Single().Spec.Template.Spec.Containers[0];
        var image = File.ReadLines(Path.Combine(Checkout.Root, "packaging", "container", "Containerfile")).Single(line => line.StartsWith("HEALTHCHECK ", StringComparison.Ordinal));
        var check = JsonSerializer.Deserialize<string[]>(image[image.IndexOf('[', StringComparison.Ordinal)..])!;
        foreach (var command in new[] { container.LivenessProbe.Exec.Command, container.ReadinessProbe.Exec.Command, check })
        {
            Assert.Equal("samepage", command[0]);
            var parsed = Program.CreateRoot().Parse([.. command.Skip(1)]);
            Assert.Empty(parsed.Errors);
            Assert.Equal("status", parsed.CommandResult.Command.Name);
        }

        Assert.Null(container.LivenessProbe.HttpGet);
        Assert.Null(container.ReadinessProbe.HttpGet);
    }

    /// <summary>The capabilities are those of the systemd unit, which says what each is for: both run the same daemon.</summary>
    [Fact]
    public void The_container_may_what_the_service_may()
    {
        var unit = File.ReadLines(Path.Combine(Checkout.Root, "packaging", "samepage.service")).Single(line => line.StartsWith("CapabilityBoundingSet=", StringComparison.Ordinal));
        var container = Load(s_text).OfType<V1DaemonSet>().Single().Spec.Template.Spec.Containers[0];
        Assert.Equal(
            unit.Split('=')[1].Split(' ').Select(name => name["CAP_".Length..]).Order(StringComparer.Ordinal),
            container.SecurityContext.Capabilities.Add.Order(StringComparer.Ordinal));
    }

    /// <summary>A record of the largest history that the policy inside lets grow, beside the copy that it is made of.</summary>
    [Fact]
    public void A_record_fits_where_it_is_written()
    {
        var pod = Load(s_text).OfType<V1DaemonSet>().Single().Spec.Template.Spec;
        var name = Assert.Single(pod.Containers[0].VolumeMounts, mount => mount.MountPath == "/tmp").Name;
        var directory = Assert.Single(pod.Volumes, volume => volume.Name == name).EmptyDir;
        Assert.Null(directory.Medium);
        Assert.True(directory.SizeLimit.ToDecimal() >= 2 * Policy.Default.History.SizeBytesMax, directory.SizeLimit.ToString());
    }

    [Fact]
    public void The_policy_inside_is_one()
    {
        var data = Load(s_text).OfType<V1ConfigMap>().Single().Data;
        Assert.All(data, file => new PolicyReader(new UserNames()).Read(Policy.Default, file.Key, file.Value));
        Assert.Contains("samepage.toml", data.Keys);
    }

    private static List<object> Load(string text) => KubernetesYaml.LoadAllFromString(text, null, strict: true);
}
