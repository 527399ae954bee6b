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
                long zeros = (long)source.StoredZero * shape.Height * shape.Width;
                using (writer.Block($"for (int c = 0; c < {shape.Channels}; c++)"))
                {
                    writer.Line($"int sum = {CodeText.Number(-zeros)};");
                    using (ScalarConvKernel.Loop(writer, "y", shape.Height))
                    using (ScalarConvKernel.Loop(writer, "x", shape.Width))
                    {
                        writer.Line($"sum += input[{ScalarConvKernel.Address(source, "y", "x", "c")}];");
                    }

                    writer.Blank();
                    ScalarEpilogue.WriteSumRequantize(writer, step.Epilogue);
                    ScalarEpilogue.Write(writer, step.Epilogue, storage => ScalarConvKernel.Address(storage, "0", "0", "c"));
                }
            });
    }
}
