using Google.Protobuf;
using Hawq.Model;
using Hawq.Onnx.Export;
using Hawq.Onnx.Schema;
using Hawq.Quantization;
using Hawq.Testing;
using Hawq.Testing.Onnx;
using Xunit;
using Xunit.Abstractions;

namespace Hawq.Onnx.Tests;

public sealed class FuzzTests(ITestOutputHelper output)
{
    /// <summary>What one import may allocate: a few times the 2 KB model, and room for folded constants (16 Mi elements of 8 bytes, twice).</summary>
    private const long MaxBytes = 1L << 29;

    [Fact]
    public void Mutated_models_are_imported_or_refused_but_never_crash_hang_or_exhaust_memory() =>
        Check(OperatorTour.Create().ToBytes(), 10_000, mutant => OnnxImporter.Load(mutant, "mutant.onnx"));

    [Theory]
    [InlineData("lookupPerChannel")]
    [InlineData("spread")]
    [InlineData("concat")]
    public void Mutated_quantized_models_become_networks_or_are_refused(string op)
    {
        (Network network, NetworkWeights weights) = OperatorNetworks.Create(op, 2);
        Check(QdqExporter.Export(network, weights, new ExportOptions()), 2_000, mutant => Quantizer.Import(OnnxImporter.Load(mutant, "mutant.onnx"), "mutant.hawq.bin"));
    }

    private void Check(byte[] seed, int count, Action<byte[]> import)
    {
        Random random = new(20);
        int imported = 0;
        int refused = 0;
        long most = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] mutant = i % 2 == 0 ? Mutate(seed, random) : MutateMeaning(seed, random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                import(mutant);
                imported++;
            }
            catch (HawqException)
            {
                refused++;
            }

            most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        output.WriteLine($"{count:N0} mutants of {seed.Length} bytes: {imported} imported, {refused} refused, at most {most:N0} bytes allocated for one.");
        Assert.True(most < MaxBytes, $"one import allocated {most:N0} bytes");
        Assert.True(imported > count / 20 && refused > count / 20, "the mutations are too weak or too strong to test anything");
    }

    /// <summary>Changes numbers and names within a file that stays well-formed, so that the operators themselves see nonsense.</summary>
    private static byte[] MutateMeaning(byte[] seed, Random random)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(seed);
        for (int i = random.Next(1, 3); i > 0; i--)
        {
            NodeProto node = model.Graph.Node[random.Next(model.Graph.Node.Count)];
            TensorProto tensor = model.Graph.Initializer[random.Next(model.Graph.Initializer.Count)];
            switch (random.Next(16))
            {
                case < 6 when node.Attribute.Count > 0:
                    AttributeProto attribute = node.Attribute[random.Next(node.Attribute.Count)];
                    attribute.I = Number(random);
                    if (attribute.Ints.Count > 0)
                    {
                        attribute.Ints[random.Next(attribute.Ints.Count)] = Number(random);
                    }

                    break;
                case < 12 when tensor.DataType == 7 && tensor.RawData.Length >= 8:
                    byte[] raw = tensor.RawData.ToByteArray();
                    BitConverter.TryWriteBytes(raw.AsSpan(random.Next(raw.Length / 8) * 8), Number(random));
                    tensor.RawData = ByteString.CopyFrom(raw);
                    break;
                case 12 when tensor.Dims.Count > 0:
                    tensor.Dims[random.Next(tensor.Dims.Count)] = Number(random);
                    break;
                case 13 when node.Input.Count > 0:
                    NodeProto other = model.Graph.Node[random.Next(model.Graph.Node.Count)];
                    node.Input[random.Next(node.Input.Count)] = random.Next(2) == 0 ? other.Output[0] : tensor.Name;
                    break;
                case 14:
                    node.OpType = model.Graph.Node[random.Next(model.Graph.Node.Count)].OpType;
                    break;
                case 15:
                    model.Graph.Input[0].Type.TensorType.Shape.Dim[random.Next(4)].DimValue = Number(random);
                    break;
            }
        }

        return model.ToByteArray();
    }

    private static long Number(Random random) => random.Next(8) switch
    {
        0 => long.MinValue,
        1 => long.MaxValue,
        2 => int.MaxValue,
        3 => -1,
        4 => 0,
        5 => 1L << random.Next(63),
        6 => random.Next(-100, 100_000),
        _ => random.Next(1, 10),
    };

    /// <summary>Flips, replaces, removes, repeats or copies a few bytes, with a liking for the values that break size arithmetic.</summary>
    private static byte[] Mutate(byte[] seed, Random random)
    {
        List<byte> bytes = [.. seed];
        for (int i = random.Next(1, 3); i > 0; i--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = random.Next(4) switch { 0 => 0, 1 => 0x7f, 2 => 0x80, _ => 0xff };
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 9), bytes.Count - at)));
                    break;
                default:
                    int from = random.Next(bytes.Count);
                    int count = Math.Min(random.Next(1, 17), bytes.Count - Math.Max(at, from));
                    byte[] copy = [.. bytes.GetRange(from, count)];
                    for (int k = 0; k < count; k++)
                    {
                        bytes[at + k] = copy[k];
                    }

                    break;
            }
        }

        return [.. bytes];
    }
}
