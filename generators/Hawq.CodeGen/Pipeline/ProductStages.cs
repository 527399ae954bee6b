using Hawq.CodeGen.Emit;
using Hawq.Planning;

namespace Hawq.CodeGen.Pipeline;

/// <summary>The stages of the product: manifest reader, planner, emitter.</summary>
internal static class ProductStages
{
    /// <summary>The stages.</summary>
    public static Stages Instance { get; } = new(
        static (_, _) => throw new NotImplementedException(),
        Planner.Plan,
        Emitter.Emit);
}
