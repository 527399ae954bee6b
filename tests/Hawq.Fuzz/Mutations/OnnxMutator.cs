using Google.Protobuf;
using Hawq.Onnx.Schema;

namespace Hawq.Fuzz.Mutations;

/// <summary>Changes numbers and names within a model that stays well-formed, so that the operators themselves see nonsense.</summary>
internal static class OnnxMutator
{
    /// <summary>One to three changes.</summary>
    public static byte[] Mutate(byte[] seed, Random random)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(seed);
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            Change(model, random);
        }

        return model.ToByteArray();
    }

    private static void Change(ModelProto model, Random random)
    {
        NodeProto node = model.Graph.Node[random.Next(model.Graph.Node.Count)];
        TensorProto tensor = model.Graph.Initializer[random.Next(model.Graph.Initializer.Count)];
        switch (random.Next(20))
        {
            case < 6 when node.Attribute.Count > 0:
                AttributeProto attribute = node.Attribute[random.Next(node.Attribute.Count)];
                attribute.I = Numbers.Any(random);
                attribute.F = random.Next(3) switch { 0 => float.NaN, 1 => float.MaxValue, _ => -1 };
                if (attribute.Ints.Count > 0)
                {
                    attribute.Ints[random.Next(attribute.Ints.Count)] = Numbers.Any(random);
                }

                break;
            case < 11 when tensor.DataType == (int)TensorProto.Types.DataType.Int64 && tensor.RawData.Length >= 8:
                byte[] raw = tensor.RawData.ToByteArray();
                BitConverter.TryWriteBytes(raw.AsSpan(random.Next(raw.Length / 8) * 8), Numbers.Any(random));
                tensor.RawData = ByteString.CopyFrom(raw);
                break;
            case 11 when tensor.DataType == (int)TensorProto.Types.DataType.Float && tensor.RawData.Length >= 4:
                byte[] floats = tensor.RawData.ToByteArray();
                float value = random.Next(5) switch { 0 => float.NaN, 1 => float.PositiveInfinity, 2 => float.MaxValue, 3 => float.Epsilon, _ => -0f };
                BitConverter.TryWriteBytes(floats.AsSpan(random.Next(floats.Length / 4) * 4), value);
                tensor.RawData = ByteString.CopyFrom(floats);
                break;
            case 12 when tensor.Dims.Count > 0:
                tensor.Dims[random.Next(tensor.Dims.Count)] = Numbers.Any(random);
                break;
            case 13 when node.Input.Count > 0:
                NodeProto other = model.Graph.Node[random.Next(model.Graph.Node.Count)];
                node.Input[random.Next(node.Input.Count)] = random.Next(3) switch { 0 => other.Output[0], 1 => tensor.Name, _ => "" };
                break;
            case 14:
                node.OpType = model.Graph.Node[random.Next(model.Graph.Node.Count)].OpType;
                break;
            case 15:
                var dims = model.Graph.Input[0].Type.TensorType.Shape.Dim;
                dims[random.Next(dims.Count)].DimValue = Numbers.Any(random);
                break;
            case 16:
                tensor.DataType = random.Next(0, 26);
                break;
            case 17:
                model.OpsetImport[0].Version = random.Next(5, 28);
                break;
            case 18:
                model.Graph.Node.Insert(random.Next(model.Graph.Node.Count), node.Clone());
                break;
            default:
                string name = HostileText.Any(random);
                foreach (NodeProto reader in model.Graph.Node)
                {
                    Rename(reader.Input, node.Output[0], name);
                }

                node.Output[0] = name;
                break;
        }
    }

    private static void Rename(Google.Protobuf.Collections.RepeatedField<string> names, string from, string to)
    {
        for (int i = 0; i < names.Count; i++)
        {
            names[i] = names[i] == from ? to : names[i];
        }
    }
}
