using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Prints a convolution: one method that picks the instruction-set tier and walks over the output, and the tiles of each tier.</summary>
internal static class ConvEmitter
{
    public static Method Method(ConvStep step, KernelLibrary library)
    {
        List<Parameter> parameters =
        [
            new("byte*", "input", CodeText.Arena(ElementType.UInt8, step.Geometry.InputOffset)),
            new("sbyte*", "weights", CodeText.Block("sbyte", step.Weights.WeightsOffset)),
            new("int*", "table", CodeText.Block("int", step.Weights.TableOffset)),
            .. ScalarEpilogue.Parameters(step.Epilogue),
            .. step.ScratchBytes > 0 ? [new Parameter("byte*", "scratch", "scratch")] : Array.Empty<Parameter>(),
            .. WorkText.Range(step.Work),
        ];
        Dictionary<InstructionSet, KernelText> kernels = step.Kernels.ToDictionary(kernel => kernel.Tier, kernel => ConvKernels.Text(step, kernel, library));
        IReadOnlyList<InstructionSet> tiers = Tiers.Distinct([.. step.Kernels.Select(kernel => kernel.Tier)], tier => kernels[tier].All);
        return new Method(Stem(step), Summary(step), parameters, WriteBody, WriteHelpers);

        void WriteBody(SourceWriter writer, string name)
        {
            EquatableArray<string>[] locals = [.. tiers.Where(tier => tier != InstructionSet.Scalar).Select(tier => kernels[tier].Locals)];
            string[] shared = locals.Length == 0 ? [] : [.. locals[0].Where(line => locals.All(lines => lines.Contains(line)))];
            Lines(writer, shared);
            Tiers.WriteChoice(writer, tiers, tier =>
            {
                KernelText text = kernels[tier].Named($"{name}_{tier}");
                Lines(writer, text.Locals.Except(shared));
                writer.Line(text.Body);
            });
        }

        void WriteHelpers(SourceWriter writer, string name)
        {
            foreach (InstructionSet tier in tiers.Where(tier => kernels[tier].Methods.Length > 0))
            {
                writer.Blank();
                writer.Line(kernels[tier].Named($"{name}_{tier}").Methods);
            }
        }
    }

    private static void Lines(SourceWriter writer, IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            writer.Line(line);
        }
    }

    private static string Stem(ConvStep step)
    {
        ConvGeometry g = step.Geometry;
        string stride = g.Stride == new Size2(1, 1) ? string.Empty : g.Stride.Height == g.Stride.Width ? $"S{g.Stride.Height}" : $"S{g.Stride}";
        string dilation = g.Dilation == new Size2(1, 1) ? string.Empty : $"D{g.Dilation}";
        string kind = g.Depthwise ? "Depthwise" : g.Groups > 1 ? $"Conv{g.Groups}Groups" : g.Output.Height * g.Output.Width == 1 && g.Kernel == new Size2(1, 1) ? "Linear" : "Conv";
        string kernel = kind == "Linear" ? string.Empty : $"{g.Kernel}{stride}{dilation}";
        string shape = kind == "Linear" ? $"{g.Input.Channels}_To{g.Output.Channels}" : $"{g.Input}_To{g.Output}";
        string add = step.Epilogue.Residual is null ? string.Empty : "Add";
        string stores = string.Concat(step.Epilogue.Stores.Select(store => CodeText.Tag(store.Target.Tensor)));
        return $"{kind}{kernel}_{shape}_{CodeText.Tag(step.Input.Tensor)}S{step.Weights.Source.Bits}_{add}{stores}";
    }

    private static string Summary(ConvStep step)
    {
        ConvGeometry g = step.Geometry;
        string what = g.Output.Height * g.Output.Width == 1 && g.Kernel == new Size2(1, 1) && g.Groups == 1
            ? $"Fully connected layer, {g.Input.Channels} to {g.Output.Channels}"
            : $"{(g.Depthwise ? "Depthwise " : string.Empty)}{g.Kernel} convolution{(g.Groups > 1 && !g.Depthwise ? $" in {g.Groups} groups" : string.Empty)}, "
            + $"stride {g.Stride}, pad {g.Padding}{(g.Dilation == new Size2(1, 1) ? string.Empty : $", dilation {g.Dilation}")}, {g.Input} to {g.Output}";
        return $"{what}; {step.Input.Tensor.TypeName} codes, s{step.Weights.Source.Bits} weights. {EpilogueText.Sentence(step.Epilogue)}";
    }
}
