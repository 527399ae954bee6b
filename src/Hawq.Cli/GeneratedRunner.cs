using System.Diagnostics;
using Hawq.Compilation;
using Hawq.Model;
using Hawq.Planning;
using Hawq.Quantization.Data;
using Hawq.Quantization.Engine;

namespace Hawq.Cli;

/// <summary>The generated code, compiled in memory, as an implementation that evaluation and benchmarks can call.</summary>
internal sealed class GeneratedRunner : IDisposable
{
    private readonly CompiledNetwork _compiled;
    private readonly Tensor _input;
    private readonly Tensor _output;
    private readonly ElementType _element;
    private readonly byte[] _pixels;
    private readonly sbyte[] _bytes;
    private readonly float[] _values;
    private readonly int[] _codes;
    private readonly int[] _logits;

    /// <summary>Emits, compiles and loads the network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="threads">Threads of the instance.</param>
    /// <param name="watched">Whether <see cref="InferTimed"/> is wanted: the steps then call back.</param>
    /// <param name="preference">Narrows the choice of kernels.</param>
    public GeneratedRunner(Network network, NetworkWeights weights, int threads = 1, bool watched = false, KernelPreference? preference = null)
    {
        _compiled = CompiledNetwork.Compile(Planner.Plan(network, preference ?? KernelPreference.None), weights, new CompilationOptions(Trace: watched, Threads: threads));
        _input = network.Tensor(network.Input.Tensor);
        _element = _compiled.TakesPixels ? ElementType.UInt8 : _input.Element;
        _output = network.Tensor(network.Outputs[0]);
        int length = _input.Shape.Length;
        _pixels = new byte[length];
        _bytes = new sbyte[length];
        _values = new float[length];
        _codes = new int[length];
        _logits = new int[_output.Shape.Length];
    }

    /// <summary>Number of logits.</summary>
    public int Classes => _logits.Length;

    /// <summary>Managed bytes that <see cref="Infer"/> has allocated.</summary>
    public long AllocatedBytes { get; private set; }

    /// <summary>Calls of <see cref="Infer"/>.</summary>
    public long Inferences { get; private set; }

    /// <summary>Makes an input of a data set the current one.</summary>
    public void Load(IDataSet data, int index)
    {
        if (_compiled.TakesPixels)
        {
            data.ReadPixels(index, _pixels);
            return;
        }

        data.ReadValues(index, _values);
        NetworkRunner.Encode(_input, _values, _codes);
        for (int i = 0; i < _codes.Length; i++)
        {
            _bytes[i] = unchecked((sbyte)_codes[i]);
            _pixels[i] = unchecked((byte)_codes[i]);
        }
    }

    /// <summary>One inference on the current input; nothing but the generated code runs.</summary>
    public void Infer()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        switch (_element)
        {
            case ElementType.UInt8:
                _compiled.Infer(_pixels, _logits);
                break;
            case ElementType.Int8:
                _compiled.Infer(_bytes, _logits);
                break;
            default:
                _compiled.InferCodes(_codes)[0].CopyTo(_logits, 0);
                break;
        }

        AllocatedBytes += GC.GetAllocatedBytesForCurrentThread() - before;
        Inferences++;
    }

    /// <summary>The compiled assembly.</summary>
    public byte[] Image => _compiled.Image;

    /// <summary>The plan that runs.</summary>
    public NetworkPlan Plan => _compiled.Plan;

    /// <summary>One inference; adds the nanoseconds of every step to <paramref name="nanoseconds"/>, in the order of the plan.</summary>
    public void InferTimed(double[] nanoseconds)
    {
        long last = 0;
        _compiled.WatchSteps(step =>
        {
            long now = Stopwatch.GetTimestamp();
            nanoseconds[step] += (now - last) * (1e9 / Stopwatch.Frequency);
            last = Stopwatch.GetTimestamp();
        });
        last = Stopwatch.GetTimestamp();
        Infer();
        _compiled.WatchSteps(null);
    }

    /// <summary>Real logits of one input of a data set.</summary>
    public void Logits(IDataSet data, int index, Span<float> logits)
    {
        Load(data, index);
        Infer();
        for (int i = 0; i < logits.Length; i++)
        {
            logits[i] = _output.Scale * (_logits[i] - _output.ZeroPoint);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _compiled.Dispose();
}
