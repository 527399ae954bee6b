using Hawq.Model;

namespace Hawq.Planning.Gpu;

/// <summary>
/// Derives a GPU plan from the CPU's: the same fused steps and proofs, with device storage instead of the arena and a GPU kernel for
/// every convolution.
/// </summary>
public sealed class GpuPlanner
{
    /// <summary>Bytes of a tensor-core unit: what one row of a fragment holds.</summary>
    public const int UnitBytes = 16;

    /// <summary>Threads per block of the kernels without a tile.</summary>
    public const int PlainThreads = 128;

    /// <summary>Tensors that one launch joins: portable kernels have launchers for up to eight buffers.</summary>
    private const int MaxConcatParts = 7;

    /// <summary>Channels of a thread where loads and stores of up to 16 bytes are worth it: every stored tensor has a multiple of them.</summary>
    private const int WideChannels = 8;

    private readonly NetworkPlan _plan;
    private readonly GpuTarget _target;
    private readonly Dictionary<string, GpuTensor> _tensors = [];

    private GpuPlanner(NetworkPlan plan, GpuTarget target)
    {
        _plan = plan;
        _target = target;
    }

    /// <summary>Plans for <paramref name="target"/>.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.GpuUnsupported"/>: a step has no GPU kernel.</exception>
    public static GpuPlan Plan(NetworkPlan plan, GpuTarget target) =>
        new GpuPlanner(plan.Steps.OfType<ConcatStep>().Any() ? Planner.Plan(plan.Network, new KernelPreference { JoinInPlace = false }) : plan, target).Plan();

    private GpuPlan Plan()
    {
        foreach (Step step in _plan.Steps)
        {
            foreach (TensorStorage storage in step.Writes)
            {
                _tensors.Add(storage.Tensor.Name, Store(storage.Tensor));
            }
        }

        List<GpuStep> steps = [];
        foreach (Step step in _plan.Steps)
        {
            if (step is ConcatStep concat)
            {
                steps.AddRange(Concat(concat));
            }
            else if (step is not OutputStep)
            {
                steps.Add(Convert(step));
            }
        }

        if (_target == GpuTarget.Cuda)
        {
            FuseShortcuts(steps);
        }

        return new GpuPlan(_plan.Network, _target, _tensors.Values.ToEquatableArray(), steps.ToEquatableArray());
    }

    /// <summary>
    /// A convolution whose result is nothing but the residual operand of another is computed by the other's launch: what a projection shortcut makes (32 bits a value) then never goes
    /// through memory.
    /// </summary>
    private void FuseShortcuts(List<GpuStep> steps)
    {
        for (int i = 0; i < steps.Count; i++)
        {
            if (steps[i] is not GpuConvStep { Kernel.Family: not GpuConvFamily.Plain, Epilogue.Residual: { } residual } main
                || steps.OfType<GpuConvStep>().FirstOrDefault(step => step.Writes.Contains(residual.Operand)) is not { Kernel.Family: not GpuConvFamily.Plain } shortcut
                || shortcut.Epilogue is not { Residual: null, Stores.Length: 1 } || shortcut.Shortcut is not null
                || steps.Count(step => step.Reads.Contains(residual.Operand)) != 1 || _plan.Network.Outputs.Contains(residual.Operand.Tensor.Name))
            {
                continue;
            }

            int units = GpuWeightLayout.Units(main) + GpuWeightLayout.Units(shortcut);
            GpuConvKernel kernel = GpuTiles.Choose(main.Kernel.Family, main.Geometry.Output.Height * main.Geometry.Output.Width, TileChannels(main.Epilogue.Writes), units, keepsShortcut: true);
            steps[i] = main with
            {
                Layers = main.Layers.Concat(shortcut.Layers).ToEquatableArray(),
                Kernel = kernel,
                Shortcut = shortcut with { Kernel = kernel with { Family = shortcut.Kernel.Family } },
            };
            steps.Remove(shortcut);
            _tensors.Remove(residual.Operand.Tensor.Name);
            i--;
        }
    }

    /// <summary>Tiles cover the channels that every one of these tensors has, padding included.</summary>
    private static int TileChannels(IEnumerable<GpuTensor> tensors) => tensors.Min(tensor => tensor.Channels);

    private GpuStep Convert(Step step) => step switch
    {
        InputStep input => new GpuInputStep(input.Name, Caller(), Of(input.Target), _plan.Network.Input.PixelTables),
        ConvStep conv => new GpuConvStep(conv.Name, conv.Layers, Of(conv.Input), Geometry(conv), conv.Weights, Requantize(conv), Of(conv.Epilogue), Kernel(conv)),
        ElementwiseStep elementwise => new GpuElementwiseStep(elementwise.Name, elementwise.Layers, Of(elementwise.Source), Of(elementwise.Epilogue)),
        CopyStep copy => new GpuCopyStep(copy.Name, copy.Layers, Of(copy.Source), Of(copy.Target), copy),
        MaxPoolStep pool => new GpuMaxPoolStep(pool.Name, pool.Layers, Of(pool.Source), Of(pool.Target), pool.Window) { ThreadChannels = _target == GpuTarget.Cuda ? WideChannels : 2 },
        AveragePoolStep pool => new GpuAveragePoolStep(pool.Name, pool.Layers, Of(pool.Source), pool.Window, pool.Divisors, Of(pool.Epilogue)),
        GlobalAveragePoolStep pool => GlobalAverage(pool),
        LookupStep lookup => new GpuLookupStep(lookup.Name, lookup.Layers, Of(lookup.Source), Of(lookup.Target), Tables(lookup)),
        MulStep mul => new GpuMulStep(mul.Name, mul.Layers, Of(mul.A), Of(mul.B), mul.Epilogue.Requantize!, Of(mul.Epilogue)),
        SubStep sub => new GpuSubStep(
            sub.Name, sub.Layers, Of(sub.A), Of(sub.B), sub.RequantizeA, sub.RequantizeB, new GpuStore(Of(sub.Store.Target), sub.Store.Requantize, sub.Store.Clamp)),
        PermuteStep permute => new GpuPermuteStep(permute.Name, permute.Layers, Of(permute.Source), Of(permute.Target), permute.Channels),
        EnlargeStep enlarge => new GpuEnlargeStep(enlarge.Name, enlarge.Layers, Of(enlarge.Source), Of(enlarge.Target), enlarge.Factor, enlarge.Repeat),
        _ => throw new HawqException(
            HawqIds.GpuUnsupported, $"The layer '{step.Name}' ({step.GetType().Name}) has no GPU kernel; use the CPU network for this model.") { Layer = step.Name },
    };

    /// <summary>A launch joins a limited number of tensors; of more, the first ones are joined to one on the target's grid, and so on.</summary>
    private IEnumerable<GpuConcatStep> Concat(ConcatStep concat)
    {
        GpuTensor target = Of(concat.Target);
        List<GpuConcatPart> parts = [.. concat.Parts.Select(part => new GpuConcatPart(Of(part.Source), part.Store.Requantize, part.Store.Clamp))];
        for (int i = 1; parts.Count > MaxConcatParts; i++)
        {
            GpuConcatPart[] first = [.. parts.Take(MaxConcatParts)];
            Shape shape = target.Tensor.Shape with { Channels = first.Sum(part => part.Source.Tensor.Shape.Channels) };
            GpuTensor joined = Store(target.Tensor with { Name = $"{target.Tensor.Name}~{i}", Shape = shape });
            _tensors.Add(joined.Tensor.Name, joined);
            yield return new GpuConcatStep(concat.Name, concat.Layers, joined, first.ToEquatableArray());
            Tensor grid = target.Tensor;
            Requantizer same = new(RequantizeForm.Identity, 0, default, new ValueRange((long)grid.Lo - grid.ZeroPoint, (long)grid.Hi - grid.ZeroPoint));
            parts = [new GpuConcatPart(joined, same, new Clamp(grid.Lo - grid.ZeroPoint, grid.Hi - grid.ZeroPoint, Low: false, High: false)), .. parts.Skip(MaxConcatParts)];
        }

        yield return new GpuConcatStep(concat.Name, concat.Layers, target, parts.ToEquatableArray());
    }

    private GpuAveragePoolStep GlobalAverage(GlobalAveragePoolStep pool)
    {
        Shape shape = pool.Source.Tensor.Shape;
        PoolWindow window = new(new Size2(shape.Height, shape.Width), new Size2(1, 1), default, new Size2(1, 1));
        PoolDivisor divisor = new(shape.Height * shape.Width, pool.Epilogue.Requantize!.Scalar);
        return new GpuAveragePoolStep(pool.Name, pool.Layers, Of(pool.Source), window, EquatableArray.Of(divisor), Of(pool.Epilogue));
    }

    /// <summary>What the caller passes, as a tensor without padding.</summary>
    private GpuTensor Caller()
    {
        Tensor tensor = _plan.Input.Target.Tensor;
        GpuElement element = _plan.Network.Input.PixelTables.Count > 0 ? GpuElement.U8 : Element(tensor);
        return new GpuTensor(tensor, element, tensor.Shape.Channels);
    }

    /// <summary>The CPU's tables hold stored values; on a GPU codes are stored as they are.</summary>
    private static EquatableArray<EquatableArray<int>> Tables(LookupStep lookup) =>
        lookup.Tables.Select(table => table.Select(value => value - lookup.Target.CodeOffset).ToEquatableArray()).ToEquatableArray();

    // One form for all layers: the tensor cores' epilogue takes the high half, whatever would be enough.
    private static Requantizer Requantize(ConvStep conv) => Requantizer.ForChannels(conv.Weights.Multipliers, conv.Epilogue.Value);

    /// <summary>
    /// A fully connected layer becomes a convolution as large as its input: device pixels have padding channels, so its input cannot be
    /// read as one long pixel.
    /// </summary>
    private static ConvGeometry Geometry(ConvStep conv)
    {
        Shape shape = conv.Input.Tensor.Shape;
        return conv.Geometry.Input == shape
            ? conv.Geometry
            : conv.Geometry with { Input = shape, Kernel = new Size2(shape.Height, shape.Width) };
    }

    private GpuTensor Of(TensorStorage storage) => _tensors[storage.Tensor.Name];

    private GpuEpilogue Of(Epilogue epilogue) => new(
        epilogue.Clamp,
        epilogue.Residual is { } residual ? new GpuResidual(Of(residual.Operand), residual.Self, residual.Other, residual.Clamp) : null,
        epilogue.Stores.Select(store => new GpuStore(Of(store.Target), store.Requantize, store.Clamp)).ToEquatableArray());

    /// <summary>Nibbles where 4-bit tensor-core convolutions read them (and no other convolution), otherwise the narrowest whole element.</summary>
    private GpuTensor Store(Tensor tensor)
    {
        ConvStep[] convolutions = ConvolutionsOf(tensor);
        bool nibbles = Nibbles(tensor);

        // Only an image that the first convolution alone reads has few channels: tensor cores read whole units.
        bool image = convolutions.Length > 0 && tensor.Name == _plan.Network.Input.Tensor && tensor.Shape.Channels <= 4
            && !_plan.Steps.Any(step => step is not ConvStep && step.Reads.Any(storage => storage.Tensor.Name == tensor.Name))
            && !_plan.Steps.OfType<ConvStep>().Any(conv => conv.Epilogue.Residual?.Operand.Tensor.Name == tensor.Name);
        int multiple = nibbles ? 32 : image ? 4 : 16;
        return new GpuTensor(tensor, nibbles ? GpuElement.U4 : Element(tensor), (tensor.Shape.Channels + multiple - 1) / multiple * multiple);
    }

    private ConvStep[] ConvolutionsOf(Tensor tensor) => [.. _plan.Steps.OfType<ConvStep>().Where(conv => conv.Input.Tensor.Name == tensor.Name)];

    /// <summary>
    /// Whether every convolution that reads the tensor multiplies nibbles; or, where none does, every maximum that is taken of it is stored in nibbles. The input is not: the step that
    /// takes the caller's codes writes one after the other.
    /// </summary>
    private bool Nibbles(Tensor tensor)
    {
        ConvStep[] convolutions = ConvolutionsOf(tensor);
        MaxPoolStep[] pools = [.. _plan.Steps.OfType<MaxPoolStep>().Where(pool => pool.Source.Tensor.Name == tensor.Name)];
        return tensor is { Lo: >= 0, Hi: <= 15, Shape.Channels: >= 32 } && tensor.Name != _plan.Network.Input.Tensor && convolutions.All(conv => TensorCore(conv) && conv.Weights.Source.Bits <= 4)
            && (convolutions.Length > 0 || (pools.Length > 0 && pools.All(pool => Nibbles(pool.Target.Tensor))));
    }

    private static GpuElement Element(Tensor tensor) => tensor.Element switch
    {
        ElementType.UInt8 => GpuElement.U8,
        ElementType.Int8 => GpuElement.S8,
        ElementType.Int16 => GpuElement.S16,
        _ => GpuElement.S32,
    };

    private bool TensorCore(ConvStep conv) => _target == GpuTarget.Cuda && conv.Geometry.Groups == 1;

    private GpuConvKernel Kernel(ConvStep conv)
    {
        if (!TensorCore(conv))
        {
            return new GpuConvKernel(GpuConvFamily.Plain, PlainThreads, 2, 0, 0);
        }

        GpuTensor input = Of(conv.Input);
        ConvGeometry geometry = Geometry(conv);
        GpuConvFamily family = input.Element == GpuElement.U4 ? GpuConvFamily.TensorCore4 : GpuConvFamily.TensorCore8;
        GpuEpilogue epilogue = Of(conv.Epilogue);
        GpuConvStep any = new(conv.Name, conv.Layers, input, geometry, conv.Weights, Requantize(conv), epilogue, new GpuConvKernel(family, 64, 16, 4, 1));
        return GpuTiles.Choose(family, geometry.Output.Height * geometry.Output.Width, TileChannels(epilogue.Reads().Concat(epilogue.Writes)), GpuWeightLayout.Units(any));
    }
}
