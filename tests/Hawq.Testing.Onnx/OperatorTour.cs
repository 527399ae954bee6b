namespace Hawq.Testing.Onnx;

/// <summary>A small model that goes through most operators.</summary>
public static class OperatorTour
{
    /// <summary>The model.</summary>
    public static OnnxModelBuilder Create()
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 8, 8);
        string conv = model.Node("Conv", [x, model.Random(0.5f, 4, 3, 3, 3)], ("pads", new long[] { 1, 1, 1, 1 }), ("auto_pad", "NOTSET"));
        string relu = model.Node("Relu", [Normalized(model, conv, 4)]);
        string shuffled = model.Node("Reshape", [relu, model.Integers(0, 2, 2, 8, 8)]);
        shuffled = model.Node("Reshape", [model.Node("Transpose", [shuffled], ("perm", new long[] { 0, 2, 1, 3, 4 })), model.Integers(0, 4, 8, 8)]);
        string[] halves = model.Nodes("Split", [shuffled, model.Integers(2, 2)], 2, ("axis", 1));
        string silu = model.Node("Mul", [halves[0], model.Node("Sigmoid", [halves[0]])]);
        string joined = model.Node("Concat", [silu, halves[1]], ("axis", 1));
        string pool = model.Node("MaxPool", [joined], ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }), ("ceil_mode", 1));
        string up = model.Node("Resize", [pool, "", model.Floats([4], 1, 1, 2, 2)], ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor"));
        string back = model.Node("ConvTranspose", [up, model.Random(0.5f, 4, 2, 2, 2)], ("strides", new long[] { 2, 2 }));
        string slice = model.Node("Slice", [back, model.Integers(0, 0), model.Integers(99, 99), model.Integers(2, 3), model.Integers(2, 2)]);
        string pad = model.Node("Pad", [slice, model.Integers(0, 1, 0, 0, 0, 1, 0, 0)]);
        string sum = model.Node("Add", [model.Node("PRelu", [pad, model.Random(1, 4, 1, 1)]), up]);
        string average = model.Node("AveragePool", [sum], ("kernel_shape", new long[] { 3, 3 }), ("count_include_pad", 1), ("pads", new long[] { 1, 1, 1, 1 }));
        string mean = model.Node("ReduceMean", [model.Node("Clip", [average, "", model.Floats([], 6)])], ("axes", new long[] { 2, 3 }), ("keepdims", 0));
        string shape = model.Node("Concat", [model.Node("Gather", [model.Node("Shape", [x]), model.Integers(0)]), model.Integers(-1)], ("axis", 0));
        string logits = model.Node("Gemm", [model.Node("Reshape", [mean, shape]), model.Random(1, 4, 5), model.Random(1, 5)]);
        return model.Output(model.Node("Softmax", [logits], ("axis", 1)));
    }

    private static string Normalized(OnnxModelBuilder model, string x, int channels) => model.Node(
        "BatchNormalization",
        [x, model.Random(0.5f, 1.5f, channels), model.Random(0.5f, channels), model.Random(0.5f, channels), model.Random(0.5f, 2f, channels)], ("epsilon", 1e-3f));
}
