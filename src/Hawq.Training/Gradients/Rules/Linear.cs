using static Hawq.Onnx.Export.OnnxWriter;

namespace Hawq.Training.Gradients;

/// <summary>Fully connected layers.</summary>
public static class Linear
{
    /// <summary>y = x w^T + bias: [N, features] with [outputs, features].</summary>
    public static TapeValue Gemm(this Tape tape, TapeValue x, TapeValue w, TapeValue? bias)
    {
        TapeValue y = tape.Emit("Gemm", [x.Dims[0], w.Dims[0]], bias is null ? [x, w] : [x, w, bias], Attribute("transB", 1L));
        (TapeValue, Tape.Pullback?)[] inputs =
        [
            (x, g => tape.Emit("Gemm", x.Dims, [g, w])),
            (w, g => tape.Emit("Gemm", w.Dims, [g, x], Attribute("transA", 1L))),
        ];
        return bias is null ? tape.Record(y, inputs) : tape.Record(y, [.. inputs, (bias, g => tape.SumTo(g, bias.Dims))]);
    }
}
