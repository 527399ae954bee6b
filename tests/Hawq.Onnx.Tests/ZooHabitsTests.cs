using Google.Protobuf;
using Hawq.Onnx.Schema;
using Hawq.Testing.Onnx;
using Hawq.Testing.Onnx.Networks;
using Xunit;
using AttributeType = Hawq.Onnx.Schema.AttributeProto.Types.AttributeType;

namespace Hawq.Onnx.Tests;

/// <summary>The habits of exporters on every network that people deploy: the graph is the same, whatever way it was written.</summary>
public sealed class ZooHabitsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hawq").FullName;

    public static TheoryData<string> Names => [.. NetworkZoo.All(8).Select(network => network.Name)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Names))]
    public void The_way_in_which_a_network_is_written_does_not_matter(string name)
    {
        ModelProto model = NetworkZoo.All(8).Single(network => network.Name == name).Build().Model;
        FloatGraph graph = Load(model);
        string[] expected = Describe(graph);
        Assert.Contains(graph.Nodes, node => node is ConvNode or GemmNode);
        foreach (Action<ModelProto> habit in new Action<ModelProto>[] { Constants, Identities, InitializersAsInputs, FixedBatch, SamePadding, SeparatePadding })
        {
            ModelProto changed = model.Clone();
            habit(changed);
            Assert.Equal((habit.Method.Name, expected), (habit.Method.Name, Describe(Load(changed))), Comparer);
        }

        Assert.Equal(("external data", expected), ("external data", Describe(OnnxImporter.Load(SaveWithExternalData(model.Clone())))), Comparer);
        byte[] folded = FloatGraphExporter.ToOnnx(graph); // BatchNormalization is folded there, fully connected layers stand on flattened images
        Assert.Equal(("folded", expected), ("folded", Describe(OnnxImporter.Load(folded, "folded.onnx"))), Comparer);
    }

    private static EqualityComparer<(string Habit, string[] Nodes)> Comparer { get; } =
        EqualityComparer<(string Habit, string[] Nodes)>.Create((a, b) => a.Habit == b.Habit && a.Nodes.SequenceEqual(b.Nodes));

    private static FloatGraph Load(ModelProto model) => OnnxImporter.Load(model.ToByteArray(), "network.onnx");

    /// <summary>Every node without its names, but with its weights.</summary>
    private static string[] Describe(FloatGraph graph) =>
    [
        .. graph.Nodes.Select(node => $"{node.GetType().Name} {string.Join(" ", node.Inputs.Select(input => graph.Shapes[input]))} to {graph.Shapes[node.Output]} " + node switch
        {
            ConvNode conv => $"{conv.Kernel} {conv.Stride} {conv.Padding} {conv.Dilation} {conv.Groups} {Sum(conv.Weights)} {Sum(conv.Bias)}",
            GemmNode gemm => $"{Sum(gemm.Weights)} {Sum(gemm.Bias)}",
            ConvTransposeNode conv => $"{conv.Kernel} {conv.Stride} {conv.Padding} {Sum(conv.Weights)} {Sum(conv.Bias)}",
            ClipNode clip => $"{clip.Lo} {clip.Hi}",
            UnaryNode unary => unary.Function.ToString(),
            MaxPoolNode pool => $"{pool.Kernel} {pool.Stride} {pool.Padding}",
            AveragePoolNode pool => $"{pool.Kernel} {pool.Stride} {pool.Padding} {pool.CountIncludePad}",
            _ => "",
        }),
    ];

    private static int Sum(float[] values)
    {
        HashCode sum = default;
        sum.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
        return sum.ToHashCode();
    }

    /// <summary>Weights as Constant nodes.</summary>
    private static void Constants(ModelProto model)
    {
        NodeProto[] constants =
        [
            .. model.Graph.Initializer.Select(tensor =>
            {
                NodeProto node = new() { OpType = "Constant", Attribute = { new AttributeProto { Name = "value", Type = AttributeType.Tensor, T = tensor } } };
                node.Output.Add(tensor.Name);
                return node;
            }),
        ];
        NodeProto[] nodes = [.. constants, .. model.Graph.Node];
        model.Graph.Initializer.Clear();
        model.Graph.Node.Clear();
        model.Graph.Node.Add(nodes);
    }

    /// <summary>Every value goes through Identity and Dropout.</summary>
    private static void Identities(ModelProto model)
    {
        List<NodeProto> nodes = [];
        HashSet<string> outputs = [.. model.Graph.Output.Select(output => output.Name)];
        foreach (NodeProto node in model.Graph.Node)
        {
            nodes.Add(node);
            for (int i = 0; i < node.Output.Count; i++)
            {
                string name = node.Output[i];
                if (!outputs.Contains(name))
                {
                    node.Output[i] = name + "/inner";
                    nodes.Add(new NodeProto { OpType = "Identity", Input = { name + "/inner" }, Output = { name + "/dropped" } });
                    nodes.Add(new NodeProto { OpType = "Dropout", Input = { name + "/dropped" }, Output = { name } });
                }
            }
        }

        model.Graph.Node.Clear();
        model.Graph.Node.Add(nodes);
    }

    /// <summary>Initializers listed as inputs, as IR version 3 wanted them.</summary>
    private static void InitializersAsInputs(ModelProto model)
    {
        foreach (TensorProto tensor in model.Graph.Initializer)
        {
            TypeProto.Types.Tensor type = new() { ElemType = tensor.DataType, Shape = new() };
            type.Shape.Dim.Add(tensor.Dims.Select(dim => new TensorShapeProto.Types.Dimension { DimValue = dim }));
            model.Graph.Input.Insert(0, new ValueInfoProto { Name = tensor.Name, Type = new() { TensorType = type } });
        }
    }

    /// <summary>A batch of 1 instead of a symbolic one.</summary>
    private static void FixedBatch(ModelProto model) => model.Graph.Input[0].Type.TensorType.Shape.Dim[0] = new TensorShapeProto.Types.Dimension { DimValue = 1 };

    /// <summary>auto_pad instead of pads where the two mean the same: odd kernels of stride 1.</summary>
    private static void SamePadding(ModelProto model)
    {
        foreach (NodeProto node in model.Graph.Node.Where(node => node.OpType == "Conv"))
        {
            long[] kernel = Ints(node, "kernel_shape"), pads = Ints(node, "pads");
            if (pads.Length == 4 && kernel.Length == 2 && Ints(node, "strides") is [1, 1] && pads.SequenceEqual([kernel[0] / 2, kernel[1] / 2, kernel[0] / 2, kernel[1] / 2]))
            {
                node.Attribute.Remove(node.Attribute.Single(attribute => attribute.Name == "pads"));
                node.Attribute.Add(new AttributeProto { Name = "auto_pad", Type = AttributeType.String, S = ByteString.CopyFromUtf8("SAME_UPPER") });
            }
        }
    }

    /// <summary>A Pad in front of each convolution, which pads nothing itself: TensorFlow's way.</summary>
    private static void SeparatePadding(ModelProto model)
    {
        for (int i = 0; i < model.Graph.Node.Count; i++)
        {
            NodeProto node = model.Graph.Node[i];
            long[] pads = node.OpType == "Conv" ? Ints(node, "pads") : [];
            if (pads.Any(pad => pad > 0))
            {
                TensorProto amounts = new() { Name = $"{node.Output[0]}/pads", DataType = (int)TensorProto.Types.DataType.Int64, Dims = { 8 } };
                amounts.Int64Data.Add([0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]]);
                model.Graph.Initializer.Add(amounts);
                model.Graph.Node.Insert(i++, new NodeProto { OpType = "Pad", Input = { node.Input[0], amounts.Name }, Output = { $"{node.Output[0]}/padded" } });
                node.Input[0] = $"{node.Output[0]}/padded";
                node.Attribute.Remove(node.Attribute.Single(attribute => attribute.Name == "pads"));
            }
        }
    }

    private static long[] Ints(NodeProto node, string name) => [.. node.Attribute.FirstOrDefault(attribute => attribute.Name == name)?.Ints ?? []];

    private string SaveWithExternalData(ModelProto model)
    {
        using (FileStream data = File.Create(Path.Combine(_folder, "weights.bin")))
        {
            foreach (TensorProto tensor in model.Graph.Initializer.Where(tensor => tensor.RawData.Length > 64))
            {
                tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "weights.bin" });
                tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = $"{data.Position}" });
                tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = $"{tensor.RawData.Length}" });
                tensor.DataLocation = TensorProto.Types.DataLocation.External;
                data.Write(tensor.RawData.Span);
                tensor.RawData = ByteString.Empty;
            }
        }

        string path = Path.Combine(_folder, "model.onnx");
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }
}
