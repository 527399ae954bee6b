using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Lowering;

namespace Hawq.Quantization.Assembly;

/// <summary>Operators without weights as integer layers, once the scales of their tensors are known.</summary>
internal static class OperatorAssembly
{
    /// <summary>The integer layer, or null for a layer of another kind.</summary>
    public static Layer? Make(LoweredLayer layer, Func<string, Tensor> tensor)
    {
        Tensor output = tensor(layer.Output);
        switch (layer)
        {
            case LoweredMove { Node: MaxPoolNode pool } move:
                return new MaxPoolLayer(move.Name, move.Input, move.Output, pool.Kernel, pool.Stride, pool.Padding, pool.Dilation);
            case LoweredMove { Node: ChannelPermutationNode permutation } move:
                return new PermuteLayer(move.Name, move.Input, move.Output, permutation.Source.ToEquatableArray());
            case LoweredMove { Node: ResizeNode resize } move:
                return new ResizeLayer(move.Name, move.Input, move.Output, resize.Factor);
            case LoweredMove { Node: SpreadNode spread } move:
                return new SpreadLayer(move.Name, move.Input, move.Output, spread.Step);
            case LoweredAveragePool pool:
                return Average(pool, tensor(pool.Input), output);
            case LoweredConcat concat:
                return new ConcatLayer(
                    concat.Name, concat.Parts.ToEquatableArray(), concat.Output,
                    concat.Parts.Select(part => NetworkAssembler.Multiplier((double)tensor(part).Scale / output.Scale, output)).ToEquatableArray());
            case LoweredLookup lookup:
                Tensor input = tensor(lookup.Input);
                return new LookupLayer(
                    lookup.Name, lookup.Input, lookup.Output, lookup.Functions.Select(function => Table(function, input, output)).ToEquatableArray());
            case LoweredMul mul:
                return new MulLayer(
                    mul.Name, mul.A, mul.B, mul.Output, NetworkAssembler.Multiplier((double)tensor(mul.A).Scale * tensor(mul.B).Scale / output.Scale, output));
            case LoweredSub sub:
                return new SubLayer(
                    sub.Name, sub.A, sub.B, sub.Output, NetworkAssembler.Multiplier((double)tensor(sub.A).Scale / output.Scale, output),
                    NetworkAssembler.Multiplier((double)tensor(sub.B).Scale / output.Scale, output));
            default:
                return null;
        }
    }

    private static AveragePoolLayer Average(LoweredAveragePool layer, Tensor input, Tensor output)
    {
        AveragePoolNode node = layer.Node;
        IEnumerable<int> counts = node.CountIncludePad
            ? [node.Kernel.Height * node.Kernel.Width]
            : WindowTaps.Counts(input.Shape, output.Shape, node.Kernel, node.Stride, node.Padding);
        return new AveragePoolLayer(
            layer.Name, layer.Input, layer.Output, node.Kernel, node.Stride, node.Padding,
            counts.Select(count => new PoolDivisor(count, NetworkAssembler.Multiplier((double)input.Scale / ((double)output.Scale * count), output))).ToEquatableArray());
    }

    // A value that is no number (the logarithm of a negative code) becomes zero; infinities become the ends of the range.
    private static EquatableArray<int> Table(Func<double, double> function, Tensor input, Tensor output) => Enumerable.Range(input.Lo, input.Hi - input.Lo + 1)
        .Select(code =>
        {
            double value = function((double)input.Scale * (code - input.ZeroPoint));
            double rounded = double.IsNaN(value) ? 0 : Math.Floor((value / output.Scale) + .5);
            return (int)Math.Clamp(rounded + output.ZeroPoint, output.Lo, output.Hi);
        }).ToEquatableArray();
}
