using System.Runtime.InteropServices;
using DataType = Hawq.Onnx.Schema.TensorProto.Types.DataType;

namespace Hawq.Testing.Onnx;

/// <summary>What models that come quantized are made of; activations are u8.</summary>
public static class QuantizedModels
{
    extension(OnnxModelBuilder model)
    {
        /// <summary>Codes of a value.</summary>
        public string Quantize(string x, float scale, int zeroPoint) => model.Node("QuantizeLinear", [x, model.Number(scale), model.Zero(zeroPoint)]);

        /// <summary>The value of codes.</summary>
        public string Dequantize(string x, float scale, int zeroPoint) => model.Node("DequantizeLinear", [x, model.Number(scale), model.Zero(zeroPoint)]);

        /// <summary>The value of codes with scales and zero points per channel; no zero points where their name is empty.</summary>
        public string Dequantize(string x, string scales, string zeroPoints, params (string, object)[] attributes) =>
            model.Node("DequantizeLinear", zeroPoints.Length == 0 ? [x, scales] : [x, scales, zeroPoints], attributes);

        /// <summary>A value put on a grid: the pair.</summary>
        public string OnGrid(string x, float scale, int zeroPoint) => model.Dequantize(model.Quantize(x, scale, zeroPoint), scale, zeroPoint);

        /// <summary>One of ONNX Runtime's operators on codes with one operand, here on an image of 8 x 4 x 5, from a grid with step 0.01 to another; with the grid taken off again.</summary>
        public OnnxModelBuilder OnCodes(string op, float step, int zeroPoint)
        {
            string a = model.Quantize(model.Input("x", null, 8, 4, 5), 0.01f, 128);
            (string, object)[] attributes = op switch
            {
                "QLinearGlobalAveragePool" => [("channels_last", 0)],
                "QLinearAveragePool" => [("kernel_shape", new long[] { 2, 2 })],
                "QLinearLeakyRelu" => [("alpha", 0.1f)],
                _ => [],
            };
            string y = model.NodeOf("com.microsoft", op, [a, model.Number(0.01f), model.Zero(128), model.Number(step), model.Zero(zeroPoint)], 1, attributes)[0];
            return model.Output(model.Dequantize(y, step, zeroPoint));
        }

        /// <summary>A number.</summary>
        public string Number(float value) => model.Floats([], value);

        /// <summary>A zero point of activations.</summary>
        public string Zero(int zeroPoint) => model.Constant(null, [], DataType.Uint8, [(byte)zeroPoint]);

        /// <summary>The zero point of signed weights.</summary>
        public string SignedZero() => model.Constant(null, [], DataType.Int8, [0]);

        /// <summary>The zero points of signed weights, per channel.</summary>
        public string Zeros(int count) => model.Constant(null, [count], DataType.Int8, new byte[count]);

        /// <summary>A scale per channel, each a tenth larger than the one before.</summary>
        public string Steps(int count, float scale) => model.Floats([count], [.. Enumerable.Range(0, count).Select(i => scale * (1 + (0.1f * i)))]);

        /// <summary>Random s8 codes from -127 to 127.</summary>
        public string Codes(params long[] dims)
        {
            Random random = new(3);
            byte[] codes = [.. Enumerable.Range(0, (int)dims.Aggregate(1L, (product, dim) => product * dim)).Select(_ => unchecked((byte)random.Next(-127, 128)))];
            return model.Constant(null, dims, DataType.Int8, codes);
        }

        /// <summary>Bias codes.</summary>
        public string Integers32(int count)
        {
            int[] values = [.. Enumerable.Range(0, count).Select(i => (i - 2) * 3000)];
            return model.Constant(null, [count], DataType.Int32, MemoryMarshal.AsBytes(values.AsSpan()));
        }
    }
}
