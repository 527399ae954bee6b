using System.Reflection;
using System.Runtime.Loader;
using Hawq.CodeGen.Emit;
using Hawq.Model;
using Hawq.Planning;

namespace Hawq.Compilation;

/// <summary>
/// A network whose generated C# has been compiled in memory and loaded: the very text that the source generator produces, with the
/// weights embedded as in a user's assembly. For tools and tests. Not thread-safe; an instance of the generated class belongs to it.
/// </summary>
public sealed class CompiledNetwork : IDisposable
{
    /// <summary>Namespace of the generated class.</summary>
    public const string Namespace = "Hawq.Generated";

    private readonly AssemblyLoadContext _context;
    private readonly Type _type;
    private readonly object _instance;
    private readonly PropertyInfo _trace;
    private readonly nint _arena;
    private readonly Delegate _infer;
    private readonly Delegate? _inferBatch;

    private CompiledNetwork(NetworkPlan plan, IReadOnlyList<GeneratedFile> files, byte[] assembly, AssemblyLoadContext context, Type type, int threads)
    {
        Plan = plan;
        Files = files;
        Image = assembly;
        _context = context;
        _type = type;
        object options = Activator.CreateInstance(type.GetNestedType("Options")!)!;
        options.GetType().GetProperty("Threads")!.SetValue(options, threads);
        _instance = Activator.CreateInstance(type, options)!;
        _trace = type.GetProperty("Trace")!;
        _arena = (nint)(type.GetProperty("Arena")?.GetValue(_instance) ?? (nint)0);
        MethodInfo infer = type.GetMethod("Infer")!;
        Type input = infer.GetParameters()[0].ParameterType.GetGenericArguments()[0];
        OutputCount = plan.Network.Outputs.Count;
        Type delegateType = OutputCount switch
        {
            1 => typeof(InferOne<>).MakeGenericType(input),
            2 => typeof(InferTwo<>).MakeGenericType(input),
            3 => typeof(InferThree<>).MakeGenericType(input),
            _ => throw new HawqException(HawqIds.PlanUnsupported, $"The network has {OutputCount} outputs; the tools run up to 3."),
        };
        _infer = infer.CreateDelegate(delegateType, _instance);
        if (OutputCount == 1)
        {
            _inferBatch = type.GetMethod("InferBatch")!.CreateDelegate(typeof(InferMany<>).MakeGenericType(input), _instance);
        }
    }

    private delegate void InferOne<T>(ReadOnlySpan<T> input, Span<int> output);

    private delegate void InferMany<T>(ReadOnlySpan<T> input, Span<int> output, int count);

    private delegate void InferTwo<T>(ReadOnlySpan<T> input, Span<int> output1, Span<int> output2);

    private delegate void InferThree<T>(ReadOnlySpan<T> input, Span<int> output1, Span<int> output2, Span<int> output3);

    /// <summary>The plan that was compiled.</summary>
    public NetworkPlan Plan { get; }

    /// <summary>The generated text.</summary>
    public IReadOnlyList<GeneratedFile> Files { get; }

    /// <summary>The compiled assembly, for tests that read its IL.</summary>
    public byte[] Image { get; }

    /// <summary>Number of outputs.</summary>
    public int OutputCount { get; }

    /// <summary>Whether the caller passes image bytes (<c>Infer</c>) rather than codes (<see cref="InferCodes"/>).</summary>
    public bool TakesPixels => Plan.Input.Tables.Count > 0;

    /// <summary>Plans, emits, compiles and loads a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="weights">Its sidecar.</param>
    /// <param name="options">Tracing and compiler settings.</param>
    /// <exception cref="HawqException">The network cannot be planned.</exception>
    /// <exception cref="GeneratedCodeException">The generated text does not compile: a bug in the emitter, reported with the text.</exception>
    public static CompiledNetwork Compile(Network network, NetworkWeights weights, CompilationOptions? options = null) =>
        Compile(Planner.Plan(network), weights, options);

    /// <summary>Emits, compiles and loads a plan.</summary>
    /// <inheritdoc cref="Compile(Network, NetworkWeights, CompilationOptions?)"/>
    public static CompiledNetwork Compile(NetworkPlan plan, NetworkWeights weights, CompilationOptions? options = null)
    {
        options ??= new CompilationOptions();
        EmitOptions emit = new(
            Namespace, EmitOptions.ClassNameFor(plan.Network.Name), plan.Network.Name + ".hawq.json", "(in memory)",
            plan.Network.WeightsFile.File, Public: true, Trace: options.Trace);
        IReadOnlyList<GeneratedFile> files = Emitter.Emit(plan, emit);
        if (options.Rewrite is { } rewrite)
        {
            files = [.. files.Select(file => file with { Text = rewrite(file.Text) })];
        }

        return Load(plan, files, InMemoryCompiler.Compile(files, emit, weights.Sidecar, options), options.Threads);
    }

    /// <summary>Loads what another process compiled, so that several instruction-set tiers run the same bytes.</summary>
    /// <param name="plan">The plan that was compiled.</param>
    /// <param name="image">The <see cref="Image"/>.</param>
    /// <param name="threads">Threads of the instance.</param>
    public static CompiledNetwork Load(NetworkPlan plan, byte[] image, int threads = 1) => Load(plan, [], image, threads);

    private static CompiledNetwork Load(NetworkPlan plan, IReadOnlyList<GeneratedFile> files, byte[] image, int threads)
    {
        string className = EmitOptions.ClassNameFor(plan.Network.Name);
        AssemblyLoadContext context = new(className, isCollectible: true);
        Assembly assembly = context.LoadFromStream(new MemoryStream(image));
        Type type = assembly.GetType($"{Namespace}.{className}", throwOnError: true)!;
        try
        {
            return new CompiledNetwork(plan, files, image, context, type, threads);
        }
        catch (TargetInvocationException e) when (e.InnerException is not null)
        {
            throw e.InnerException;
        }
    }

    /// <summary>Another instance of the generated class: working memory of its own, the same weights. For another thread.</summary>
    public CompiledNetwork NewInstance() => new(Plan, Files, Image, _context, _type, threads: 1);

    /// <summary>Runs the network on an image, height x width x channels bytes.</summary>
    public void Infer(ReadOnlySpan<byte> pixels, Span<int> logits) => ((InferOne<byte>)_infer)(pixels, logits);

    /// <summary>Runs the network on signed 8-bit codes, without a copy.</summary>
    public void Infer(ReadOnlySpan<sbyte> codes, Span<int> logits) => ((InferOne<sbyte>)_infer)(codes, logits);

    /// <summary>Runs a network with one output on several images that lie one behind the other.</summary>
    public void InferBatch(ReadOnlySpan<byte> pixels, Span<int> logits, int count) => ((InferMany<byte>)_inferBatch!)(pixels, logits, count);

    /// <summary>Runs the network on codes (or, as codes, pixels) of any type and returns all outputs. Allocates; for tests and verification.</summary>
    public int[][] InferCodes(ReadOnlySpan<int> input)
    {
        int[][] outputs = [.. Plan.Network.Outputs.Select(name => new int[Plan.Network.Tensor(name).Shape.Length])];
        switch (_infer.GetType().GetGenericArguments()[0])
        {
            case Type t when t == typeof(byte):
                Run<byte>(input, outputs);
                break;
            case Type t when t == typeof(sbyte):
                Run<sbyte>(input, outputs);
                break;
            case Type t when t == typeof(short):
                Run<short>(input, outputs);
                break;
            default:
                Run<int>(input, outputs);
                break;
        }

        return outputs;
    }

    /// <summary>Runs the network and hands every tensor that is in memory, after the step that writes it, as codes.</summary>
    /// <exception cref="InvalidOperationException">The network was compiled without tracing.</exception>
    public int[][] Trace(ReadOnlySpan<int> input, Action<string, int[]> tensor)
    {
        if (_trace is null)
        {
            throw new InvalidOperationException("Compile with tracing to read tensors.");
        }

        _trace.SetValue(_instance, (Action<int>)(step =>
        {
            foreach (TensorStorage storage in Plan.Steps[step].Writes.Where(storage => !storage.IsPart))
            {
                tensor(storage.Tensor.Name, ArenaReader.Read(_arena, storage));
            }
        }));
        try
        {
            return InferCodes(input);
        }
        finally
        {
            _trace.SetValue(_instance, null);
        }
    }

    /// <summary>Has every later inference call <paramref name="callback"/> with the index of every step after it; null ends that.</summary>
    /// <exception cref="InvalidOperationException">The network was compiled without tracing.</exception>
    public void WatchSteps(Action<int>? callback)
    {
        if (_trace is null)
        {
            throw new InvalidOperationException("Compile with tracing to watch steps.");
        }

        _trace.SetValue(_instance, callback);
    }

    /// <summary>Lets go of the instance; the assembly is collected when nothing refers to it.</summary>
    public void Dispose()
    {
        ((IDisposable)_instance).Dispose();
        _context.Unload();
    }

    private void Run<T>(ReadOnlySpan<int> input, int[][] outputs)
        where T : struct, System.Numerics.INumber<T>
    {
        T[] typed = new T[input.Length];
        for (int i = 0; i < input.Length; i++)
        {
            typed[i] = T.CreateChecked(input[i]);
        }

        switch (_infer)
        {
            case InferOne<T> infer:
                infer(typed, outputs[0]);
                break;
            case InferTwo<T> infer:
                infer(typed, outputs[0], outputs[1]);
                break;
            case InferThree<T> infer:
                infer(typed, outputs[0], outputs[1], outputs[2]);
                break;
        }
    }
}
