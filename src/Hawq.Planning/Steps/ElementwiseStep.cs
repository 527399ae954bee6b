using Hawq.Model;

namespace Hawq.Planning;

/// <summary>A residual add or requantize that could not be fused into the convolution before it.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Work">Division among threads.</param>
/// <param name="Source">The tensor that the value comes from.</param>
/// <param name="Epilogue">What happens to it.</param>
public sealed record ElementwiseStep(string Name, EquatableArray<string> Layers, WorkPlan Work, TensorStorage Source, Epilogue Epilogue)
    : Step(Name, Layers, Work)
{
    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Reads => Epilogue.Residual is { } residual ? [Source, residual.Operand] : [Source];

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Writes => Epilogue.Stores.Select(store => store.Target);
}
