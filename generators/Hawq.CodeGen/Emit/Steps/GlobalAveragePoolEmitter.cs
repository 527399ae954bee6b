using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints a global average pool.</summary>
internal static class GlobalAveragePoolEmitter
{
    public static Method Method(GlobalAveragePoolStep step)
    {
        TensorStorage source = step.Source;
        Shape shape = source.Tensor.Shape;
        List<Parameter> parameters =
        [
            new($"{CodeText.TypeOf(source.Element)}*", "input", CodeText.Arena(source.Element, source.Offset)),
            .. ScalarEpilogue.SumParameters(step.Epilogue),
            .. ScalarEpilogue.Parameters(step.Epilogue),
        ];
        return new Method(
            $"GlobalAveragePool_{shape}_{CodeText.Tag(source.Tensor)}",
            $"Sums {shape.Height} x {shape.Width} pixels of {shape.Channels} channels; the multiplier carries the division. "
            + $"Sums lie in [{step.Epilogue.Value.Lo}, {step.Epilogue.Value.Hi}]. {EpilogueText.Sentence(step.Epilogue)}",
            parameters,
            (writer, _) =>
            {
                if (Lanes(source) is int lanes and > 0)
                {
                    WriteVectorSums(writer, source, lanes);
                }
                else
                {
                    WriteScalarSums(writer, source);
                }

                using (writer.Block($"for (int c = 0; c < {shape.Channels}; c++)"))
                {
                    writer.Line($"int sum = sums[c]{CodeText.Plus(-(long)source.StoredZero * shape.Height * shape.Width)};");
                    ScalarEpilogue.WriteSumRequantize(writer, step.Epilogue);
                    ScalarEpilogue.Write(writer, step.Epilogue, storage => ScalarConvKernel.Address(storage, "0", "0", "c"));
                }
            });
    }

    /// <summary>Channels of a 16-byte vector of the source, or 0 where they do not divide the channels.</summary>
    private static int Lanes(TensorStorage source)
    {
        int lanes = source.Element == ElementType.Int32 ? 0 : 16 / source.ElementSize;
        return lanes > 0 && source.Tensor.Shape.Channels % lanes == 0 ? lanes : 0;
    }

    private static void WriteScalarSums(SourceWriter writer, TensorStorage source)
    {
        Shape shape = source.Tensor.Shape;
        writer.Line($"int* sums = stackalloc int[{shape.Channels}];");
        using (writer.Block($"for (int c = 0; c < {shape.Channels}; c++)"))
        {
            writer.Line("int sum = 0;");
            using (ScalarConvKernel.Loop(writer, "y", shape.Height))
            using (ScalarConvKernel.Loop(writer, "x", shape.Width))
            {
                writer.Line($"sum += input[{ScalarConvKernel.Address(source, "y", "x", "c")}];");
            }

            writer.Blank();
            writer.Line("sums[c] = sum;");
        }

        writer.Blank();
    }

    // The portable vectors: a plain loop on machines without any, and exact everywhere, since widening and adding int32 is all there is.
    private static void WriteVectorSums(SourceWriter writer, TensorStorage source, int lanes)
    {
        const string vectors = "global::System.Runtime.Intrinsics.Vector128";
        Shape shape = source.Tensor.Shape;
        int parts = lanes / 4;
        writer.Line($"int* sums = stackalloc int[{shape.Channels}];");
        using (writer.Block($"for (int c = 0; c < {shape.Channels}; c += {lanes})"))
        {
            for (int i = 0; i < parts; i++)
            {
                writer.Line($"global::System.Runtime.Intrinsics.Vector128<int> sum{i} = {vectors}<int>.Zero;");
            }

            using (ScalarConvKernel.Loop(writer, "y", shape.Height))
            using (ScalarConvKernel.Loop(writer, "x", shape.Width))
            {
                string load = $"{vectors}.Load(input + {ScalarConvKernel.Address(source, "y", "x", "c")})";
                if (source.Element == ElementType.Int16)
                {
                    writer.Line($"var codes = {load};");
                    writer.Line($"sum0 += {vectors}.WidenLower(codes);");
                    writer.Line($"sum1 += {vectors}.WidenUpper(codes);");
                }
                else
                {
                    writer.Line($"var codes = {load};");
                    writer.Line($"var low = {vectors}.AsInt16({vectors}.WidenLower(codes));");
                    writer.Line($"var high = {vectors}.AsInt16({vectors}.WidenUpper(codes));");
                    writer.Line($"sum0 += {vectors}.WidenLower(low);");
                    writer.Line($"sum1 += {vectors}.WidenUpper(low);");
                    writer.Line($"sum2 += {vectors}.WidenLower(high);");
                    writer.Line($"sum3 += {vectors}.WidenUpper(high);");
                }
            }

            writer.Blank();
            for (int i = 0; i < parts; i++)
            {
                writer.Line($"{vectors}.Store(sum{i}, sums + c{(i == 0 ? string.Empty : $" + {4 * i}")});");
            }
        }

        writer.Blank();
    }
}
