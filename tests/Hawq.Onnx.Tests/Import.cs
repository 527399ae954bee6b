using Hawq.Model;
using Hawq.Testing.Onnx;
using Xunit;

namespace Hawq.Onnx.Tests;

/// <summary>Shortcuts of the import tests.</summary>
internal static class Import
{
    /// <summary>Imports a model that is built in memory.</summary>
    public static FloatGraph Of(OnnxModelBuilder model) => Of(model.ToBytes());

    public static FloatGraph Of(byte[] model)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, model);
            return OnnxImporter.Load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Imports a model and checks that the exported graph computes what the model computes, on noise.</summary>
    public static FloatGraph AndCompare(OnnxModelBuilder model, params long[] dims)
    {
        byte[] bytes = model.ToBytes();
        FloatGraph graph = Of(bytes);
        float[] input = OnnxRunner.Noise((int)dims.Aggregate(1L, (a, b) => a * b));
        IReadOnlyList<float[]> expected = OnnxRunner.Run(bytes, input, dims);
        Shape shape = graph.Shapes[graph.Input];
        IReadOnlyList<float[]> actual = OnnxRunner.Run(FloatGraphExporter.ToOnnx(graph), input, dims[0], shape.Channels, shape.Height, shape.Width);
        Assert.Equal(expected.Count, actual.Count);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i].Length, actual[i].Length);
            float[] values = graph.Notes.Any(note => note.StartsWith("Softmax", StringComparison.Ordinal)) ? Softmax(actual[i]) : actual[i];
            float tolerance = 1e-5f * (1 + expected[i].Max(Math.Abs));
            Assert.All(expected[i].Zip(values), pair => Assert.Equal(pair.First, pair.Second, tolerance));
        }

        return graph;
    }

    private static float[] Softmax(float[] logits)
    {
        float[] powers = [.. logits.Select(value => MathF.Exp(value - logits.Max()))];
        return [.. powers.Select(power => power / powers.Sum())];
    }

    /// <summary>Checks that a model is refused with an id, and that the message holds every given part.</summary>
    public static void Refuses(string id, OnnxModelBuilder model, params string[] parts)
    {
        HawqException exception = Assert.Throws<HawqException>(() => Of(model));
        Assert.Equal(id, exception.Id);
        Assert.All(parts, part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
        Assert.NotNull(exception.File);
    }
}
