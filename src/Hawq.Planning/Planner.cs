using Hawq.Model;

namespace Hawq.Planning;

/// <summary>Turns a network into a plan: fusion, ranges, proofs, kernels, memory.</summary>
public static class Planner
{
    /// <summary>Plans a network. Deterministic: equal networks give equal plans.</summary>
    /// <exception cref="HawqException">An accumulator cannot be proven to fit (<see cref="HawqIds.PlanOverflow"/>), or the planner has no
    /// step for a layer (<see cref="HawqIds.PlanUnsupported"/>).</exception>
    public static NetworkPlan Plan(Network network) => Plan(network, KernelPreference.None);

    /// <summary>Plans a network with a narrowed choice of kernels: as for another machine, or for a test.</summary>
    /// <inheritdoc cref="Plan(Network)"/>
    public static NetworkPlan Plan(Network network, KernelPreference preference)
    {
        try
        {
            return PlanChecked(network, preference);
        }
        catch (OverflowException e)
        {
            throw new HawqException(
                HawqIds.PlanUnsupported, $"The network '{network.Name}' needs more than 2 GB in one block of memory.", innerException: e);
        }
    }

    private static NetworkPlan PlanChecked(Network network, KernelPreference preference)
    {
        Graph graph = new(network);
        List<Fusion.Group> groups = Fusion.Run(graph, preference.JoinInPlace);
        StoragePlanner storages = new(graph, groups);
        WeightBlock block = new();
        List<Step> steps = [PlanInput(network, storages)];
        steps.AddRange(groups.Select(group => PlanStep(graph, storages, block, group, preference)));
        steps.AddRange(network.Outputs.Select((name, i) => new OutputStep(name, storages[name], i)));
        return new NetworkPlan(network, ShortLanes.ShareForms(steps).ToEquatableArray(), storages.Arena, block.Bytes);
    }

    private static Step PlanStep(Graph graph, StoragePlanner storages, WeightBlock block, Fusion.Group group, KernelPreference preference)
    {
        switch (group.Head)
        {
            case LinearLayer linear:
                return ConvPlanner.Plan(graph, storages, block, group, linear, preference);
            case AddLayer or RequantizeLayer:
                TensorStorage operand = storages[group.Head.Inputs[0]];
                Epilogue epilogue = EpiloguePlanner.ForLoad(graph, storages, group, operand);
                return new ElementwiseStep(
                    group.Head.Name, group.Layers, WorkDivision.Rows(operand.Tensor.Shape), operand, epilogue, ElementwiseStep.TiersFor(epilogue));
            case GlobalAveragePoolLayer pool:
                return PlanGlobalAveragePool(graph, storages, group, pool);
            case MaxPoolLayer pool:
                return PoolPlanner.Plan(storages, group, pool);
            case AveragePoolLayer pool:
                return PoolPlanner.Plan(graph, storages, group, pool);
            case ConcatLayer concat:
                return ConcatPlanner.Plan(storages, group, concat);
            case LookupLayer lookup:
                return ElementwisePlanner.Plan(storages, group, lookup);
            case MulLayer mul:
                return ElementwisePlanner.Plan(graph, storages, group, mul);
            case SubLayer sub:
                return ElementwisePlanner.Plan(storages, group, sub);
            case PermuteLayer permute:
                return RearrangePlanner.Plan(storages, group, permute);
            case ResizeLayer resize:
                return RearrangePlanner.Plan(storages, group, resize);
            case SpreadLayer spread:
                return RearrangePlanner.Plan(storages, group, spread);
            default:
                return CopyPlanner.Plan(storages, group);
        }
    }

    private static InputStep PlanInput(Network network, StoragePlanner storages)
    {
        TensorStorage target = storages[network.Input.Tensor];
        EquatableArray<int>[] tables = network.Input.PixelTables.Select(
            table => table.Select(code => code + target.CodeOffset).ToEquatableArray()).ToArray();
        bool same = tables.Length > 1 && tables.All(table => table == tables[0]);
        return new InputStep(network.Input.Tensor, WorkDivision.Rows(target.Tensor.Shape), target, same ? [tables[0]] : tables);
    }

    private static GlobalAveragePoolStep PlanGlobalAveragePool(Graph graph, StoragePlanner storages, Fusion.Group group, GlobalAveragePoolLayer layer)
    {
        TensorStorage source = storages[layer.Input];
        Shape shape = source.Tensor.Shape;
        long count = (long)shape.Height * shape.Width;
        ValueRange code = EpiloguePlanner.Centred(source.Tensor);
        ValueRange sum = new(count * code.Lo, count * code.Hi);
        Refuse.UnlessInt32(layer.Name, "the sum over all pixels", sum, "Use fewer bits for its input.");
        Requantizer requantize = Requantizer.ForScalar(layer.Requantize, sum);
        return new GlobalAveragePoolStep(
            layer.Name, group.Layers, source, EpiloguePlanner.ForAccumulator(graph, storages, group, requantize, sum));
    }
}
