using Hawq.CodeGen.Emit;
using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Pipeline;

/// <summary>The stages of the product: manifest reader, planner, emitter.</summary>
internal static class ProductStages
{
    /// <summary>The stages.</summary>
    public static Stages Instance { get; } = new(ManifestReader.Read, Planner.Plan, Emitter.Emit);
}
