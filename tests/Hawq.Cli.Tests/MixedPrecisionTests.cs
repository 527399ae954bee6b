using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Hawq.Testing.Onnx.Networks;
using Xunit;

namespace Hawq.Cli.Tests;

/// <summary>hawq analyze, profile, quantize --bits mixed and pareto on a small network with noise as data.</summary>
public sealed class MixedPrecisionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model, _data;

    public MixedPrecisionTests()
    {
        NetworkWriter net = new(3, 8, 8);
        string x = net.ConvNormRelu(net.ConvNormRelu(net.ConvNormRelu(net.Input, 16, 3), 16, 3), 16, 3);
        net.Output(net.Classifier(net.GlobalAverage(x), 16, 10)).Save(_model = _folder.PathOf("net.onnx"));
        _data = _folder.Write("x.npy", Noise(64, 3, 8, 8));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Sensitivities_are_kept_beside_the_manifest_and_not_measured_again()
    {
        string manifest = _folder.PathOf("mixed.hawq.json"), kept = _folder.PathOf("mixed.hawq.sensitivity.json");
        string[] command = ["quantize", _model, "--calibration", _data, "--bits", "mixed", "--budget", "bops=0.5", "--effort", "fast", "-o", manifest];
        Outcome first = await Tool.Run(command);
        Assert.True(first.Code == 0, first.Error);

        // Values that no measurement gives: the second run must have read them.
        File.WriteAllText(kept, Regex.Replace(File.ReadAllText(kept), "\"value\": [^,\n]+", "\"value\": 0.25"));
        Outcome second = await Tool.Run(command);

        Assert.Contains("analyze", first.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("analyze", second.Error, StringComparison.Ordinal);
        Assert.Matches(@"optimum +1 ", second.Output);
    }

    /// <summary>A float32 array with a fixed seed.</summary>
    private static byte[] Noise(params int[] shape)
    {
        float[] values = new float[shape.Aggregate((a, b) => a * b)];
        Random random = new(1);
        foreach (ref float value in values.AsSpan())
        {
            value = random.NextSingle();
        }

        string header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({string.Join(", ", shape)}), }}";
        header = header.PadRight(128 - 11) + "\n";
        byte[] start = [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0];
        return [.. start, .. Encoding.ASCII.GetBytes(header), .. MemoryMarshal.AsBytes(values.AsSpan())];
    }
}
