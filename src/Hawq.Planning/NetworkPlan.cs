using Hawq.Model;

namespace Hawq.Planning;

/// <summary>
/// How a network is computed: every number is final, the emitter only prints it. Immutable and compared by content, so that it can flow
/// through the incremental generator.
/// </summary>
/// <param name="Network">What is computed.</param>
/// <param name="Steps">In execution order: first the input, last the outputs.</param>
/// <param name="Arena">Memory of one instance.</param>
/// <param name="WeightBytes">Length of the block of weights and tables that all instances share.</param>
public sealed record NetworkPlan(Network Network, EquatableArray<Step> Steps, ArenaPlan Arena, int WeightBytes)
{
    /// <summary>The input step.</summary>
    public InputStep Input => (InputStep)Steps[0];

    /// <summary>Bytes of scratch memory of every thread, behind the arena; a multiple of 64.</summary>
    public int ScratchBytes => ArenaAllocator.Align(Steps.OfType<ConvStep>().Select(step => step.ScratchBytes).DefaultIfEmpty(0).Max());
}
