using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints the largest code of windows.</summary>
internal static class MaxPoolEmitter
{
    public static Method Method(MaxPoolStep step)
    {
        string type = CodeText.TypeOf(step.Source.Element);
        Shape shape = step.Target.Tensor.Shape;
        return new Method(
            $"MaxPool{PoolTaps.Size(step.Window)}_{step.Source.Tensor.Shape}_To{shape}_{CodeText.Tag(step.Source.Tensor)}",
            $"Largest code in windows of {PoolTaps.Describe(step.Window)}, {CodeText.Describe(step.Source)} to {shape}; padding is left out.",
            [
                new($"{type}*", "input", CodeText.Arena(step.Source.Element, step.Source.Offset)),
                new($"{type}*", "output", CodeText.Arena(step.Target.Element, step.Target.Offset)),
                .. WorkText.Range(step.Work),
            ],
            (writer, _) =>
            {
                using (writer.Block("for (int y = first; y < end; y++)"))
                using (ScalarConvKernel.Loop(writer, "x", shape.Width))
                {
                    writer.Line($"{type}* to = output + {ScalarConvKernel.Address(step.Target, "y", "x", "0")};");
                    if (step.Window.Dilation == new Size2(1, 1))
                    {
                        PoolTaps.WriteRanges(writer, step.Source, step.Window, shape);
                        WriteVectors(writer, step);
                    }
                    else
                    {
                        WriteDilated(writer, step);
                    }
                }
            });
    }

    // The portable vectors are one instruction where the machine has their width and two of half of it where it has not; a maximum is exact everywhere.
    private static void WriteVectors(SourceWriter writer, MaxPoolStep step)
    {
        int channels = step.Target.Tensor.Shape.Channels;
        int bytes = channels * step.Source.ElementSize % 32 == 0 ? 32 : 16;
        int lanes = bytes / step.Source.ElementSize;
        int vectors = channels / lanes;
        int together = new[] { 4, 3, 2, 1 }.First(n => vectors % n == 0);
        string name = $"Vector{8 * bytes}";
        string type = CodeText.TypeOf(step.Source.Element);
        string smallest = Smallest(step);
        if (vectors > 0)
        {
            using (writer.Block($"for (int c = 0; c < {vectors * lanes}; c += {together * lanes})"))
            {
                writer.Line($"{name}<{type}> {string.Join(", ", Enumerable.Range(0, together).Select(i => $"m{i} = {name}.Create(({type}){smallest})"))};");
                PoolTaps.WriteInside(writer, step.Source, step.Window, step.Target.Tensor.Shape, () =>
                {
                    for (int i = 0; i < together; i++)
                    {
                        writer.Line($"m{i} = {name}.Max(m{i}, {name}.Load(tap{CodeText.Plus(i * lanes)}));");
                    }
                });
                writer.Blank();
                for (int i = 0; i < together; i++)
                {
                    writer.Line($"m{i}.Store(to + c{CodeText.Plus(i * lanes)});");
                }
            }
        }

        if (vectors * lanes < channels)
        {
            using (writer.Block($"for (int c = {vectors * lanes}; c < {channels}; c++)"))
            {
                writer.Line($"{type} largest = {smallest};");
                PoolTaps.WriteInside(writer, step.Source, step.Window, step.Target.Tensor.Shape, () => writer.Line("largest = global::System.Math.Max(largest, *tap);"));
                writer.Blank();
                writer.Line("to[c] = largest;");
            }
        }
    }

    private static void WriteDilated(SourceWriter writer, MaxPoolStep step)
    {
        using (writer.Block($"for (int c = 0; c < {step.Target.Tensor.Shape.Channels}; c++)"))
        {
            writer.Line($"{CodeText.TypeOf(step.Source.Element)} largest = {Smallest(step)};");
            PoolTaps.WriteTaps(writer, step.Source, step.Window, step.Target.Tensor.Shape, () =>
                writer.Line($"largest = global::System.Math.Max(largest, input[{ScalarConvKernel.Address(step.Source, "row", "column", "c")}]);"));
            writer.Blank();
            writer.Line("to[c] = largest;");
        }
    }

    private static string Smallest(MaxPoolStep step) => step.Source.Element == ElementType.UInt8 ? "0" : $"{CodeText.TypeOf(step.Source.Element)}.MinValue";
}
