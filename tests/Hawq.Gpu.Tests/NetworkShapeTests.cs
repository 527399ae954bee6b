using System.Diagnostics;
using Hawq.Model;
using Hawq.Testing.Onnx.Networks;
using Xunit;
using Xunit.Abstractions;

namespace Hawq.Gpu.Tests;

/// <summary>
/// Every distinct kernel of deployed networks (kernel, stride, padding, channels, bits, residual, outputs) on fewer pixels, launch by launch over the reference's tensors,
/// bit for bit. By default narrow networks and a sample of their kernels; <c>HAWQ_GPU_SHAPES=all</c>: the published widths and every kernel, some minutes.
/// </summary>
public sealed class NetworkShapeTests(ITestOutputHelper log)
{
    private static readonly bool s_all = Environment.GetEnvironmentVariable("HAWQ_GPU_SHAPES") == "all";

    // InceptionV3's last maps have 2 x 2 pixels at 107, those of the other networks at 64: enough for every tap to see something.
    private static IEnumerable<ZooNetwork> Networks => NetworkZoo.All(s_all ? 1 : 8, 64).Concat(NetworkZoo.All(s_all ? 1 : 8, 107)).Where(
        network => network.InputDims[^1] == (network.Name == "inceptionv3" ? 107 : 64));

    public static TheoryData<string, string> Assignments
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (string network in (string[])["resnet18", "resnet50-v1.5", "inceptionv3", "mobilenetv2", "mobilenetv3-small", "efficientnet-lite0", "shufflenetv2"])
            {
                bool uniform = s_all || network is "resnet18" or "resnet50-v1.5" or "inceptionv3";
                foreach (string bits in uniform ? (string[])["8/8", "4/4", "mixed"] : ["mixed"])
                {
                    cases.Add(network, bits);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Assignments))]
    public void Kernels_of_a_deployed_network_equal_the_reference(string name, string bits)
    {
        Stopwatch clock = Stopwatch.StartNew();
        (Network network, NetworkWeights weights) = ZooModels.Quantize(Networks.Single(zoo => zoo.Name == name), bits);
        (_, Dictionary<string, int[]> expected) = Cases.Random(network, weights, 1);
        EmulatedNetwork gpu = new(network, weights);
        DeviceLaunch[] distinct = [.. gpu.Program.Launches.Skip(1).DistinctBy(launch => launch.Kernel)];

        // The three assignments of bits sample different layers.
        int start = bits switch { "8/8" => 0, "4/4" => 1, _ => 2 };
        DeviceLaunch[] run = s_all ? distinct : [.. distinct.Where((_, i) => i % 8 == start)];
        log.WriteLine($"{network.Name} {bits}: {run.Length} of {distinct.Length} kernels, {gpu.Program.Launches.Count} launches");
        foreach (DeviceLaunch launch in run)
        {
            foreach ((string tensor, int[] codes) in gpu.Run(launch, expected))
            {
                Cases.AssertEqual($"{launch.Kernel} ({launch.Layers}), {tensor}", expected[tensor], codes);
            }
        }

        log.WriteLine($"tensor-core kernels: {gpu.Kernels.Values.Count(kernel => kernel.Count("mma") > 0)}, dp4a: {gpu.Kernels.Values.Count(kernel => kernel.Count("dp4a") > 0)}, {clock.Elapsed.TotalSeconds:F0} s");
        Assert.True(!s_all || gpu.Kernels.Values.Any(kernel => kernel.Count("mma.sync") > 0), "No kernel uses tensor cores.");
    }
}
