using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>What the vector kernels of a network share in its generated files.</summary>
internal static class VectorKernels
{
    /// <summary>Namespaces whose names the kernels use unqualified.</summary>
    public static IReadOnlyList<string> Namespaces { get; } =
        ["System.Runtime.CompilerServices", "System.Runtime.Intrinsics", "System.Runtime.Intrinsics.Arm", "System.Runtime.Intrinsics.X86"];

    /// <summary>Writes the operations classes of the instruction sets that the kernels of a plan use.</summary>
    public static void WriteOperations(SourceWriter writer, NetworkPlan plan)
    {
        VectorTier[] tiers = plan.Steps.OfType<ConvStep>().SelectMany(step => step.Kernels).Select(kernel => kernel.Tier)
            .Concat(plan.Steps.OfType<ElementwiseStep>().SelectMany(step => step.Tiers))
            .Concat(plan.Steps.OfType<AveragePoolStep>().SelectMany(step => step.Tiers))
            .Select(VectorTier.For).OfType<VectorTier>().OrderBy(tier => tier.Set).ToArray();
        if (tiers.Length == 0)
        {
            return;
        }

        writer.Blank();
        writer.Line(SharedOperations.Text);
        foreach (string operations in tiers.Select(tier => tier.Operations).Distinct())
        {
            writer.Blank();
            writer.Line(operations);
        }
    }

    /// <summary>What a kernel needs beyond interleaved weights: statements, or nothing.</summary>
    public static string PackingText(ConvStep step, KernelChoice choice, string packed)
    {
        ConvKernel kernel = new(step, choice);
        ConvGeometry g = step.Geometry;
        string text = "";
        if (kernel.HasCorrections)
        {
            text += $"\nTakeCorrections({packed}, {kernel.Blocks}, {g.Kernel.Height}, {g.RunsPerRow}, {g.StepsPerRun}, {kernel.Choice.Window}, {step.Input.StoredHi}, "
                + $"{g.Dilation.Height * g.InputRowStride}, {g.Dilation.Width * g.InputPixelStride});";
        }

        if (kernel.Choice.Family == KernelFamily.Widen)
        {
            text += $"\nWidenWeights({packed}, {kernel.Blocks * kernel.Steps});";
        }

        return text;
    }
}
