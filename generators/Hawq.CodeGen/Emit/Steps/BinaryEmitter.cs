using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints products and differences of two tensors.</summary>
internal static class BinaryEmitter
{
    public static Method Method(MulStep step)
    {
        Shape shape = step.A.Tensor.Shape;
        bool repeated = step.B.Tensor.Shape != shape;
        List<Parameter> parameters =
        [
            .. Operands(step.A, step.B),
            .. ScalarEpilogue.SumParameters(step.Epilogue, "factors"),
            .. ScalarEpilogue.Parameters(step.Epilogue),
            .. WorkText.Range(step.Work),
        ];
        return new Method(
            $"Mul{(repeated ? "PerChannel" : string.Empty)}_{shape}_{CodeText.Tag(step.A.Tensor)}_{CodeText.Tag(step.B.Tensor)}",
            $"Product of {CodeText.Describe(step.A)} and {CodeText.Describe(step.B)}{(repeated ? " (repeated for every pixel)" : string.Empty)}, "
            + $"in [{step.Epilogue.Value.Lo}, {step.Epilogue.Value.Hi}]. {EpilogueText.Sentence(step.Epilogue)}",
            parameters,
            (writer, _) =>
            {
                using (writer.Block("for (int y = first; y < end; y++)"))
                using (ScalarConvKernel.Loop(writer, "x", shape.Width))
                using (writer.Block($"for (int c = 0; c < {shape.Channels}; c++)"))
                {
                    string b = repeated ? ScalarConvKernel.Address(step.B, "0", "0", "c") : ScalarConvKernel.Address(step.B, "y", "x", "c");
                    writer.Line($"int factors = ({Operand("a", step.A, ScalarConvKernel.Address(step.A, "y", "x", "c"))}) * ({Operand("b", step.B, b)});");
                    ScalarEpilogue.WriteSumRequantize(writer, step.Epilogue, "factors");
                    ScalarEpilogue.Write(writer, step.Epilogue, storage => ScalarConvKernel.Address(storage, "y", "x", "c"));
                }
            });
    }

    public static Method Method(SubStep step)
    {
        Shape shape = step.A.Tensor.Shape;
        Epilogue store = new(default, null, default, null, EquatableArray.Of(step.Store));
        List<Parameter> parameters =
        [
            .. Operands(step.A, step.B),
            .. ScalarEpilogue.Multiplier(step.RequantizeA, "a"),
            .. ScalarEpilogue.Multiplier(step.RequantizeB, "b"),
            .. ScalarEpilogue.Parameters(store),
            .. WorkText.Range(step.Work),
        ];
        return new Method(
            $"Sub_{shape}_{CodeText.Tag(step.A.Tensor)}_{CodeText.Tag(step.B.Tensor)}",
            $"{CodeText.Describe(step.A)} minus {CodeText.Describe(step.B)}, each requantized for itself. {EpilogueText.Sentence(store)}",
            parameters,
            (writer, _) =>
            {
                using (writer.Block("for (int y = first; y < end; y++)"))
                using (ScalarConvKernel.Loop(writer, "x", shape.Width))
                using (writer.Block($"for (int c = 0; c < {shape.Channels}; c++)"))
                {
                    writer.Line($"int left = {Operand("a", step.A, ScalarConvKernel.Address(step.A, "y", "x", "c"))};");
                    writer.Line($"int right = {Operand("b", step.B, ScalarConvKernel.Address(step.B, "y", "x", "c"))};");
                    writer.Line($"int value = {ScalarEpilogue.Apply(step.RequantizeA, "left", "a")} - {ScalarEpilogue.Apply(step.RequantizeB, "right", "b")};");
                    ScalarEpilogue.WriteStore(writer, store, 0, storage => ScalarConvKernel.Address(storage, "y", "x", "c"));
                }
            });
    }

    private static IEnumerable<Parameter> Operands(TensorStorage a, TensorStorage b) =>
    [
        new($"{CodeText.TypeOf(a.Element)}*", "a", CodeText.Arena(a.Element, a.Offset)),
        new($"{CodeText.TypeOf(b.Element)}*", "b", CodeText.Arena(b.Element, b.Offset)),
    ];

    private static string Operand(string name, TensorStorage storage, string index) => $"{name}[{index}]{CodeText.Plus(-storage.StoredZero)}";
}
