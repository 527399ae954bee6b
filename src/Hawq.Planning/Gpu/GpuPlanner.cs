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

    private readonly NetworkPlan _plan;
    private readonly GpuTarget _target;
    private readonly Dictionary<string, GpuTensor> _tensors = [];

    private GpuPlanner(NetworkPlan plan, GpuTarget target)
    {
        _plan = plan;
        _target = target;
    }

    /// <summary>Plans for <paramref name="target"/>.</summary>
    /// <exception cref="HawqException">A step has no GPU kernel yet.</exception>
    public static GpuPlan Plan(NetworkPlan plan, GpuTarget target) => new GpuPlanner(plan, target).Plan();

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
            if (step is not OutputStep)
            {
                steps.Add(Convert(step));
            }
        }

        return new GpuPlan(_plan.Network, _target, _tensors.Values.ToEquatableArray(), steps.ToEquatableArray());
    }

    private GpuStep Convert(Step step) => step switch
    {
        InputStep input => new GpuInputStep(input.Name, Of(input.Target)),
        ConvStep conv => new GpuConvStep(conv.Name, conv.Layers, Of(conv.Input), Geometry(conv), conv.Weights, Of(conv.Epilogue), Kernel(conv)),
        ElementwiseStep elementwise => new GpuElementwiseStep(elementwise.Name, elementwise.Layers, Of(elementwise.Source), Of(elementwise.Epilogue)),
        CopyStep copy => new GpuCopyStep(copy.Name, copy.Layers, Of(copy.Source), Of(copy.Target), copy),
        GlobalAveragePoolStep pool => new GpuPoolStep(pool.Name, pool.Layers, Of(pool.Source), pool.Epilogue.Requantize!, Of(pool.Epilogue)),
        _ => throw new HawqException(
            HawqIds.PlanUnsupported, $"The layer '{step.Name}' ({step.GetType().Name}) has no GPU kernel yet; use the CPU network for this model."),
    };

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

    /// <summary>Nibbles where every reader is a 4-bit tensor-core convolution, otherwise the narrowest whole element.</summary>
    private GpuTensor Store(Tensor tensor)
    {
        bool nibbles = _target == GpuTarget.Cuda && tensor.Lo >= 0 && tensor.Hi <= 15;
        bool read = false;
        foreach (ConvStep conv in _plan.Steps.OfType<ConvStep>().Where(conv => conv.Input.Tensor.Name == tensor.Name))
        {
            read = true;
            nibbles &= TensorCore(conv) && conv.Weights.Source.Bits <= 4 && tensor.Shape.Channels >= 32;
        }

        bool onlyConvolved = read && !_plan.Network.Outputs.Contains(tensor.Name)
            && !_plan.Steps.Any(step => step is not ConvStep && step.Reads.Any(storage => storage.Tensor.Name == tensor.Name))
            && !_plan.Steps.OfType<ConvStep>().Any(conv => conv.Epilogue.Residual?.Operand.Tensor.Name == tensor.Name);
        nibbles &= onlyConvolved;
        GpuElement element = nibbles ? GpuElement.U4 : (tensor.Lo, tensor.Hi) switch
        {
            ( >= 0, <= 255) => GpuElement.U8,
            ( >= -128, <= 127) => GpuElement.S8,
            ( >= -32768, <= 32767) => GpuElement.S16,
            _ => GpuElement.S32,
        };

        // Equal channels mean equal padding, so that element-wise steps can walk all their tensors together; only an image, read by
        // the first convolution alone, stays narrow.
        bool image = onlyConvolved && tensor.Name == _plan.Network.Input.Tensor && tensor.Shape.Channels <= 4;
        int multiple = nibbles ? 32 : image ? 4 : 16;
        return new GpuTensor(tensor, element, (tensor.Shape.Channels + multiple - 1) / multiple * multiple);
    }

    private bool TensorCore(ConvStep conv) =>
        _target == GpuTarget.Cuda && conv.Geometry.Groups == 1 && conv.Geometry.Input.Channels > 4;

    private GpuConvKernel Kernel(ConvStep conv)
    {
        if (_target == GpuTarget.Portable || conv.Geometry.Groups > 1)
        {
            return new GpuConvKernel(GpuConvFamily.Plain, PlainThreads, 2, 0, 0);
        }

        int channels = conv.Epilogue.Stores.Select(store => Of(store.Target).Channels).Min();
        if (!TensorCore(conv))
        {
            return new GpuConvKernel(GpuConvFamily.Dot4, PlainThreads, channels % 8 == 0 ? 8 : 4, 0, 0);
        }

        // The widest channel tile that divides the stored channels; with narrow tiles all four warps stand along the pixels.
        int block = channels % 64 == 0 ? 64 : channels % 32 == 0 ? 32 : 16;
        GpuConvFamily family = Of(conv.Input).Element == GpuElement.U4 ? GpuConvFamily.TensorCore4 : GpuConvFamily.TensorCore8;
        return new GpuConvKernel(family, 64, block, block == 64 ? 2 : 4, 4);
    }
}
