using Hawq.Model;

namespace Hawq.Reference;

/// <summary>Evaluates one layer, without a network around it.</summary>
public static class LayerEvaluator
{
    /// <summary>The codes that a layer writes.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="inputs">Its inputs, in the order of <see cref="Layer.Inputs"/>.</param>
    /// <param name="output">Its output tensor.</param>
    /// <param name="weights">Unpacked weights of a <see cref="LinearLayer"/>, else null.</param>
    /// <exception cref="OverflowException">An accumulator does not fit in int32: the network is not a legal one.</exception>
    /// <exception cref="NotSupportedException">There is no such operator.</exception>
    public static int[] Evaluate(Layer layer, IReadOnlyList<TensorValue> inputs, Tensor output, sbyte[]? weights = null)
    {
        int[] codes = new int[output.Shape.Length];
        switch (layer)
        {
            case ConvLayer conv:
                ConvReference.Run(conv, weights!, inputs[0], output, codes);
                break;
            case GemmLayer gemm:
                GemmReference.Run(gemm, weights!, inputs[0], output, codes);
                break;
            case AddLayer add:
                AddReference.Run(add, inputs[0], inputs[1], output, codes);
                break;
            case RequantizeLayer requantize:
                RequantizeReference.Run(requantize, inputs[0], output, codes);
                break;
            case GlobalAveragePoolLayer pool:
                GlobalAveragePoolReference.Run(pool, inputs[0], output, codes);
                break;
            case SliceLayer slice:
                SliceReference.Run(slice, inputs[0], output, codes);
                break;
            case PadLayer pad:
                PadReference.Run(pad, inputs[0], output, codes);
                break;
            case MaxPoolLayer pool:
                PoolReference.Run(pool, inputs[0], codes, output.Shape);
                break;
            case AveragePoolLayer pool:
                PoolReference.Run(pool, inputs[0], output, codes);
                break;
            case ConcatLayer concat:
                ConcatReference.Run(concat, inputs, output, codes);
                break;
            case LookupLayer lookup:
                ElementwiseReference.Run(lookup, inputs[0], codes);
                break;
            case MulLayer mul:
                ElementwiseReference.Run(mul, inputs[0], inputs[1], output, codes);
                break;
            case SubLayer sub:
                ElementwiseReference.Run(sub, inputs[0], inputs[1], output, codes);
                break;
            case PermuteLayer permute:
                MoveReference.Run(permute, inputs[0], codes);
                break;
            case ResizeLayer resize:
                MoveReference.Run(resize, inputs[0], output, codes);
                break;
            case SpreadLayer spread:
                MoveReference.Run(spread, inputs[0], output, codes);
                break;
            default:
                throw new NotSupportedException($"The reference interpreter has no operator '{layer.Op}'.");
        }

        return codes;
    }
}
