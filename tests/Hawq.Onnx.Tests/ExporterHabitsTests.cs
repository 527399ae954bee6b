using System.Runtime.InteropServices;
using Google.Protobuf;
using Hawq.Model;
using Hawq.Onnx.Schema;
using Hawq.Testing.Onnx;
using Xunit;
using DataType = Hawq.Onnx.Schema.TensorProto.Types.DataType;

namespace Hawq.Onnx.Tests;

public sealed class ExporterHabitsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hawq").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(18)]
    [InlineData(19)]
    [InlineData(20)]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    public void Every_opset_from_11_to_23_is_read(int opset)
    {
        OnnxModelBuilder model = new(opset: opset);
        string x = model.Node("Conv", [model.Input("x", null, 3, 8, 8), model.Random(0.5f, 4, 3, 3, 3), model.Random(0.5f, 4)]);
        x = model.Node("Clip", [ConvTests.BatchNormalization(model, x, 4), model.Floats([], 0), model.Floats([], 6)]);
        x = model.Node("AveragePool", [model.Node("MaxPool", [x], ("kernel_shape", new long[] { 2, 2 }))], ("kernel_shape", new long[] { 2, 2 }));
        x = opset < 18
            ? model.Node("ReduceMean", [x], ("axes", new long[] { 2, 3 }), ("keepdims", 0))
            : model.Node("ReduceMean", [x, model.Integers(2, 3)], ("keepdims", 0));
        x = opset < 13 ? model.Node("Unsqueeze", [x], ("axes", new long[] { 2 })) : model.Node("Unsqueeze", [x, model.Integers(2)]);
        x = opset < 13 ? model.Node("Squeeze", [x], ("axes", new long[] { 2 })) : model.Node("Squeeze", [x, model.Integers(2)]);
        Import.AndCompare(model.Output(model.Node("Gemm", [x, model.Random(1, 4, 3), model.Random(1, 3)])), 1, 3, 8, 8);
    }

    [Fact]
    public void Initializers_may_be_listed_as_inputs()
    {
        OnnxModelBuilder model = SmallModel();
        foreach (TensorProto tensor in model.Model.Graph.Initializer)
        {
            TypeProto.Types.Tensor type = new() { ElemType = tensor.DataType, Shape = new() };
            type.Shape.Dim.Add(tensor.Dims.Select(dim => new TensorShapeProto.Types.Dimension { DimValue = dim }));
            model.Model.Graph.Input.Add(new ValueInfoProto { Name = tensor.Name, Type = new() { TensorType = type } });
        }

        Assert.Single(Import.Of(model).Nodes);
    }

    [Theory]
    [InlineData((int)DataType.Float16)]
    [InlineData((int)DataType.Double)]
    [InlineData((int)DataType.Bfloat16)]
    public void Weights_of_other_floating_point_types_are_read(int type)
    {
        OnnxModelBuilder model = SmallModel();
        TensorProto weights = model.Model.Graph.Initializer[0];
        float[] values = MemoryMarshal.Cast<byte, float>(weights.RawData.Span).ToArray();
        weights.DataType = type;
        weights.RawData = ByteString.CopyFrom((DataType)type switch
        {
            DataType.Float16 => MemoryMarshal.AsBytes<Half>([.. values.Select(value => (Half)value)]),
            DataType.Double => MemoryMarshal.AsBytes<double>([.. values.Select(value => (double)value)]),
            _ => MemoryMarshal.AsBytes<ushort>([.. values.Select(value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16))]),
        });
        ConvNode conv = Assert.IsType<ConvNode>(Assert.Single(Import.Of(model).Nodes));
        Assert.All(values.Zip(conv.Weights), pair => Assert.Equal(pair.First, pair.Second, 4e-3f));
    }

    [Fact]
    public void Weights_in_typed_fields_are_read()
    {
        OnnxModelBuilder model = SmallModel();
        TensorProto weights = model.Model.Graph.Initializer[0];
        float[] values = MemoryMarshal.Cast<byte, float>(weights.RawData.Span).ToArray();
        weights.RawData = ByteString.Empty;
        weights.FloatData.Add(values);
        Assert.Equal(values, Assert.IsType<ConvNode>(Assert.Single(Import.Of(model).Nodes)).Weights);
    }

    [Fact]
    public void External_data_in_the_models_folder_is_read()
    {
        (string path, float[] values) = SaveWithExternalData("weights.bin", "weights.bin");
        Assert.Equal(values, Assert.IsType<ConvNode>(Assert.Single(OnnxImporter.Load(path).Nodes)).Weights);
    }

    [Theory]
    [InlineData("../weights.bin")]
    [InlineData("/etc/hostname")]
    [InlineData("sub/../../weights.bin")]
    public void External_data_outside_the_models_folder_is_refused(string location)
    {
        (string path, _) = SaveWithExternalData("weights.bin", location);
        HawqException exception = Assert.Throws<HawqException>(() => OnnxImporter.Load(path));
        Assert.Contains("outside the model's folder", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_out_of_the_models_folder_is_refused()
    {
        string outside = Path.Combine(_folder, "secret.bin");
        File.WriteAllBytes(outside, new byte[10_000]);
        (string path, _) = SaveWithExternalData("other.bin", "link.bin");
        File.CreateSymbolicLink(Path.Combine(Path.GetDirectoryName(path)!, "link.bin"), outside);
        Assert.Throws<HawqException>(() => OnnxImporter.Load(path));
    }

    [Fact]
    public void A_missing_external_file_is_one_message()
    {
        (string path, _) = SaveWithExternalData("weights.bin", "elsewhere.bin");
        Assert.Contains("elsewhere.bin", Assert.Throws<HawqException>(() => OnnxImporter.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_external_file_is_refused()
    {
        (string path, _) = SaveWithExternalData("weights.bin", "weights.bin");
        using (FileStream file = File.OpenWrite(Path.Combine(Path.GetDirectoryName(path)!, "weights.bin")))
        {
            file.SetLength(100);
        }

        Assert.Contains("100", Assert.Throws<HawqException>(() => OnnxImporter.Load(path)).Message, StringComparison.Ordinal);
    }

    private static OnnxModelBuilder SmallModel()
    {
        OnnxModelBuilder model = new();
        string weights = model.Random(0.5f, 4, 3, 3, 3);
        return model.Output(model.Node("Conv", [model.Input("x", null, 3, 8, 8), weights]));
    }

    private (string Path, float[] Values) SaveWithExternalData(string file, string location)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "model")).FullName;
        OnnxModelBuilder model = SmallModel();
        TensorProto weights = model.Model.Graph.Initializer[0];
        byte[] raw = weights.RawData.ToByteArray();
        File.WriteAllBytes(Path.Combine(folder, file), [.. new byte[64], .. raw]);
        weights.RawData = ByteString.Empty;
        weights.DataLocation = TensorProto.Types.DataLocation.External;
        weights.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = location });
        weights.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = "64" });
        weights.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = $"{raw.Length}" });
        string path = Path.Combine(folder, "model.onnx");
        model.Save(path);
        return (path, MemoryMarshal.Cast<byte, float>(raw).ToArray());
    }
}
