using Hawq.Model;
using Hawq.Planning;
using Hawq.Planning.Gpu;

namespace Hawq.CodeGen.Emit.Gpu;

/// <summary>
/// Prints what happens to the values of two neighbouring channels of one pixel between accumulator and memory. Pairs, because a tensor-core
/// lane holds two neighbouring columns, and because two codes make one store.
/// </summary>
internal static class GpuEpilogueWriter
{
    /// <summary>Prints the residual add, the clamps and the stores for the values v0 and v1.</summary>
    /// <param name="w">Target.</param>
    /// <param name="epilogue">What to do.</param>
    /// <param name="pixel">Expression of the pixel index (over all images).</param>
    /// <param name="channel">Expression of the first of the two channels; even.</param>
    public static void Write(SourceWriter w, GpuEpilogue epilogue, string pixel, string channel)
    {
        Clamp(w, epilogue.Clamp);
        if (epilogue.Residual is { } residual)
        {
            GpuAccess.LoadPair(w, residual.Operand, "residual", "r", pixel, channel);
            for (int i = 0; i < 2; i++)
            {
                string other = Relative($"r{i}", residual.Operand.Tensor.ZeroPoint);
                w.Line($"v{i} = {Requantize($"v{i}", residual.Self)} + {Requantize(other, residual.Other)};");
            }

            Clamp(w, residual.Clamp);
        }

        for (int i = 0; i < epilogue.Stores.Length; i++)
        {
            Store(w, epilogue.Stores[i], $"output{i}", pixel, channel);
        }
    }

    /// <summary>The value times its multiplier, as an expression.</summary>
    public static string Requantize(string value, Requantizer requantizer) => requantizer.Form == RequantizeForm.Identity
        ? value
        : $"Requantize({value}, {requantizer.Scalar.Multiplier}, {requantizer.Scalar.Shift})";

    /// <summary>The value less a zero point.</summary>
    public static string Relative(string value, int zeroPoint) => zeroPoint switch
    {
        0 => value,
        > 0 => $"{value} - {zeroPoint}",
        _ => $"{value} + {-(long)zeroPoint}",
    };

    private static void Clamp(SourceWriter w, Clamp clamp)
    {
        if (clamp.Needed)
        {
            w.Line($"v0 = IntrinsicMath.Clamp(v0, {clamp.Lo}, {clamp.Hi});");
            w.Line($"v1 = IntrinsicMath.Clamp(v1, {clamp.Lo}, {clamp.Hi});");
        }
    }

    /// <summary>Prints the last requantize, clamp and store of the values v0 and v1.</summary>
    public static void Store(SourceWriter w, GpuStore store, string view, string pixel, string channel)
    {
        using (w.Block())
        {
            for (int i = 0; i < 2; i++)
            {
                string value = Requantize($"v{i}", store.Requantize);
                if (store.Clamp.Needed)
                {
                    value = $"IntrinsicMath.Clamp({value}, {store.Clamp.Lo}, {store.Clamp.Hi})";
                }

                w.Line($"int s{i} = {Relative(value, -store.Target.Tensor.ZeroPoint)};");
            }

            GpuAccess.StorePair(w, store.Target, view, pixel, channel);
        }
    }

    /// <summary>Parameters that an epilogue adds to a kernel: the residual, then the outputs.</summary>
    public static string Parameters(GpuEpilogue epilogue)
    {
        List<string> parameters = [];
        if (epilogue.Residual is not null)
        {
            parameters.Add("ArrayView<int> residual");
        }

        for (int i = 0; i < epilogue.Stores.Length; i++)
        {
            parameters.Add($"ArrayView<int> output{i}");
        }

        return string.Join(", ", parameters);
    }
}
