using Hawq.Model;

namespace Hawq.Planning;

/// <summary>A function of one number, by table.</summary>
/// <param name="Name">Layer name.</param>
/// <param name="Layers">Layers covered.</param>
/// <param name="Work">Division among threads.</param>
/// <param name="Source">Source tensor.</param>
/// <param name="Target">Target tensor.</param>
/// <param name="Tables">
/// Stored values of the target by stored value of the source minus its smallest (<see cref="TensorStorage.StoredLo"/>): one table, or one per channel.
/// </param>
public sealed record LookupStep(
    string Name, EquatableArray<string> Layers, WorkPlan Work, TensorStorage Source, TensorStorage Target, EquatableArray<EquatableArray<int>> Tables)
    : Step(Name, Layers, Work)
{
    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Reads => [Source];

    /// <inheritdoc/>
    public override IEnumerable<TensorStorage> Writes => [Target];
}
