using System.Buffers.Binary;
using Hawq.Model;
using Hawq.Reference;
using Hawq.Testing;
using Xunit;

namespace Hawq.Gpu.Tests;

/// <summary>Inputs, and what the reference interpreter makes of them.</summary>
internal static class Cases
{
    /// <summary>Random images (or codes), each as the bytes that a caller passes, and the codes of every tensor, images one after the other.</summary>
    public static (byte[][] Inputs, Dictionary<string, int[]> Expected) Random(Network network, NetworkWeights weights, int batch)
    {
        var interpreter = new Interpreter(network, weights);
        Tensor input = network.Tensor(network.Input.Tensor);
        List<byte[]> inputs = [];
        Dictionary<string, List<int>> expected = [];
        for (int seed = 1; seed <= batch; seed++)
        {
            IReadOnlyDictionary<string, int[]> tensors;
            if (network.Input.PixelTables.Length > 0)
            {
                inputs.Add(TestInputs.Pixels(network, seed));
                tensors = interpreter.Run(inputs[^1]);
            }
            else
            {
                int[] codes = TestInputs.Codes(input, seed);
                inputs.Add(Bytes(input, codes));
                tensors = interpreter.RunCodes(codes);
            }

            foreach ((string name, int[] codes) in tensors)
            {
                (expected.TryGetValue(name, out List<int>? all) ? all : expected[name] = []).AddRange(codes);
            }
        }

        return ([.. inputs], expected.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray()));
    }

    /// <summary>A concatenation of sixteen tensors.</summary>
    public static (Network Network, NetworkWeights Weights) WideConcat()
    {
        NetworkBuilder b = new NetworkBuilder("wide", seed: 4).Input(3, 4, 5, range: Activation.S8);
        string[] parts = [.. Enumerable.Range(1, 16).Select(i => b.Conv(b.InputName, i % 5 + 1, 1, activation: i % 3 == 0 ? Activation.U8Asymmetric : Activation.U7))];
        b.Conv(b.Concat(Activation.U8Asymmetric, parts), 6, 1);
        return b.Build();
    }

    /// <summary>Every tensor that has memory; those of a device that are parts of one have a name that the network does not know.</summary>
    public static void AssertEqual(string what, Dictionary<string, int[]> expected, Dictionary<string, int[]> actual)
    {
        foreach ((string name, int[] codes) in actual.Where(pair => !pair.Key.Contains('~')))
        {
            AssertEqual($"{what}, {name}", expected[name], codes);
        }
    }

    public static void AssertEqual(string what, int[] expected, ReadOnlySpan<int> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i] != actual[i])
            {
                Assert.Fail($"{what}[{i}]: {actual[i]} instead of {expected[i]}");
            }
        }
    }

    private static byte[] Bytes(Tensor tensor, int[] codes)
    {
        int size = tensor.Element switch { ElementType.Int16 => 2, ElementType.Int32 => 4, _ => 1 };
        byte[] bytes = new byte[codes.Length * size];
        for (int i = 0; i < codes.Length; i++)
        {
            switch (size)
            {
                case 1: bytes[i] = unchecked((byte)codes[i]); break;
                case 2: BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(2 * i), (short)codes[i]); break;
                default: BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 * i), codes[i]); break;
            }
        }

        return bytes;
    }
}
