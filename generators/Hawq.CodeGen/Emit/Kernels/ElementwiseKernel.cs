using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>
/// A step without accumulators on one instruction set: sixteen elements at a time from memory, through the epilogue that convolutions have, to memory.
/// </summary>
internal static class ElementwiseKernel
{
    /// <summary>Writes the statements for the rows [first, end).</summary>
    public static void WriteBody(SourceWriter writer, ElementwiseStep step, VectorTier tier, KernelLibrary library)
    {
        KernelEpilogue epilogue = new(step.Epilogue, tier, 0, null, library);
        int run = step.RunLength;
        int runs = step.Source.Tensor.Shape.Width * step.Source.Tensor.Shape.Channels / run;
        (string Name, TensorStorage Tensor)[] moving =
            [("x", step.Source), .. epilogue.Pointers.Where(p => p.Tensor is not null).Select(p => (p.Name, p.Tensor!))];
        writer.Line("byte* x = (byte*)input;");
        epilogue.WriteLocals(writer);
        using (writer.Block("for (int row = first; row < end; row++)"))
        {
            foreach ((string pointer, TensorStorage tensor) in moving)
            {
                writer.Line($"byte* {pointer}At = {pointer} + ({CodeText.Times("row", tensor.RowStride)});");
            }

            using (ScalarConvKernel.Loop(writer, "pixel", runs))
            {
                WriteRun(writer, step, tier, epilogue, run, moving);
                foreach ((string pointer, TensorStorage tensor) in moving.Where(m => runs > 1 && m.Tensor.PixelStride > run / 16 * 16 * m.Tensor.ElementSize))
                {
                    writer.Line($"{pointer}At += {tensor.PixelStride - (run / 16 * 16 * tensor.ElementSize)};");
                }
            }
        }
    }

    private static void WriteRun(
        SourceWriter writer, ElementwiseStep step, VectorTier tier, KernelEpilogue epilogue, int run, (string Name, TensorStorage Tensor)[] moving)
    {
        const int block = VectorTier.BlockChannels;
        if (run >= block)
        {
            using (writer.Block(run >= 2 * block ? $"for (int i = 0; i < {run / block}; i++)" : string.Empty))
            {
                WriteBlock(writer, step, tier, epilogue, block);
                foreach ((string pointer, TensorStorage tensor) in moving)
                {
                    writer.Line($"{pointer}At += {block * tensor.ElementSize};");
                }
            }
        }

        if (run % block != 0)
        {
            using (writer.Block())
            {
                WriteBlock(writer, step, tier, epilogue, run % block);
            }
        }
    }

    private static void WriteBlock(SourceWriter writer, ElementwiseStep step, VectorTier tier, KernelEpilogue epilogue, int channels)
    {
        List<string> arguments = [];
        for (int i = 0; i < tier.VectorsPerBlock; i++)
        {
            string address = $"xAt{ConvTile.Offset(i * tier.Lanes * step.Source.ElementSize)}";
            string load = step.Source.Element switch
            {
                ElementType.UInt8 => $"{tier.Class}.LoadBytes({address})",
                ElementType.Int16 => $"{tier.Class}.LoadShorts({address})",
                _ => $"{tier.Vector}.Load((int*)({address}))",
            };
            string zero = step.Source.StoredZero == 0 ? string.Empty : $" - {tier.Vector}.Create({step.Source.StoredZero})";
            writer.Line($"{tier.Vector}<int> v{i} = {load}{zero};");
            arguments.Add($"v{i}");
        }

        arguments.AddRange(epilogue.Pointers.Select(p => p.Tensor is null ? p.Name : $"{p.Name}At"));
        writer.Line($"{epilogue.Finish(channels)}({string.Join(", ", arguments)});");
    }
}
