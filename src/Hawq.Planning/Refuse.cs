using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Refusals: what cannot be proven is not emitted.</summary>
internal static class Refuse
{
    /// <summary>Throws <see cref="HawqIds.PlanOverflow"/> unless every value in <paramref name="range"/> fits in an int32.</summary>
    public static void UnlessInt32(string layer, string what, ValueRange range, string remedy)
    {
        if (range.Lo < int.MinValue || range.Hi > int.MaxValue)
        {
            throw new HawqException(HawqIds.PlanOverflow, $"Layer '{layer}': {what} can reach {range}, more than an int32 holds. {remedy}") { Layer = layer };
        }
    }

    /// <summary>A <see cref="HawqIds.PlanUnsupported"/> refusal.</summary>
    public static HawqException Unsupported(string layer, string problem) => new(HawqIds.PlanUnsupported, $"Layer '{layer}': {problem}") { Layer = layer };
}
