using Hawq.Model;

namespace Hawq.Planning;

/// <summary>A residual add or requantize that could not be fused into the convolution before it.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Work">Division among threads.</param>
/// <param name="Source">The tensor that the value comes from.</param>
/// <param name="Epilogue">What happens to it.</param>
/// <param name="Tiers">Instruction sets with a kernel, best first; the last is <see cref="InstructionSet.Scalar"/>.</param>
public sealed record ElementwiseStep(
    string Name, EquatableArray<string> Layers, WorkPlan Work, TensorStorage Source, Epilogue Epilogue, EquatableArray<InstructionSet> Tiers)
    : Step(Name, Layers, Work)
{
    /// <summary>
    /// The tiers on which an epilogue can run: vectors have 32-bit lanes, so a multiplier that needs 64 bits leaves plain C#.
    /// </summary>
    public static EquatableArray<InstructionSet> TiersFor(Epilogue epilogue)
    {
        bool wide = epilogue.Residual is { } residual && (residual.Self.Form == RequantizeForm.Wide || residual.Other.Form == RequantizeForm.Wide)
            || epilogue.Requantize?.Form == RequantizeForm.Wide || epilogue.Stores.Any(store => store.Requantize.Form == RequantizeForm.Wide);
        return wide
            ? EquatableArray.Of(InstructionSet.Scalar)
            : EquatableArray.Of(InstructionSet.Avx512, InstructionSet.Avx2, InstructionSet.Vector128, InstructionSet.Scalar);
    }

    /// <summary>
    /// Elements of a run that is without a gap in every tensor: a row where all rows are dense, otherwise a pixel.
    /// </summary>
    public int RunLength => new[] { Source }.Concat(Reads).Concat(Writes).All(s => s.PixelStride == s.Tensor.Shape.Channels * s.ElementSize)
        ? Source.Tensor.Shape.Width * Source.Tensor.Shape.Channels
        : Source.Tensor.Shape.Channels;

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Reads => Epilogue.Residual is { } residual ? [Source, residual.Operand] : [Source];

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Writes => Epilogue.Stores.Select(store => store.Target);
}
