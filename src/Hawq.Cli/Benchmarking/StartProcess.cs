using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using Hawq.Cli.Verification;
using Hawq.CodeGen.Emit;
using Hawq.Compilation;
using Hawq.Model;

namespace Hawq.Cli.Benchmarking;

/// <summary>What a fresh process takes.</summary>
/// <param name="MedianMs">Median of the milliseconds from its start to the first logits.</param>
/// <param name="PeakBytes">Median of its largest resident memory.</param>
internal sealed record Start(double MedianMs, double PeakBytes);

/// <summary>
/// Processes that run one inference and end: this tool's launcher, which then loads nothing but the compiled network, or nothing but ONNX Runtime and its model.
/// Both sides pay for the same start of the runtime.
/// </summary>
internal static class StartProcess
{
    /// <summary>Hidden first argument of the child: <c>start-hawq ASSEMBLY TYPE THREADS</c> or <c>start-onnxruntime MODEL THREADS</c>.</summary>
    public const string Hawq = "start-hawq";

    /// <summary>The other one.</summary>
    public const string OnnxRuntime = "start-onnxruntime";

    /// <summary>Processes per side.</summary>
    public const int Rounds = 9;

    /// <summary>Measures ours and, where there is a model, ONNX Runtime's, in turns.</summary>
    public static Start[] Measure(Network network, byte[] image, byte[]? model, int threads, Action<int> progress, CancellationToken cancellation)
    {
        string folder = Directory.CreateTempSubdirectory("hawq-start-").FullName;
        try
        {
            string assembly = Path.Combine(folder, "network.dll");
            File.WriteAllBytes(assembly, image);
            string n = threads.ToString(CultureInfo.InvariantCulture);
            List<string[]> sides = [[Hawq, assembly, $"{CompiledNetwork.Namespace}.{EmitOptions.ClassNameFor(network.Name)}", n]];
            if (model is not null)
            {
                string file = Path.Combine(folder, "model.onnx");
                File.WriteAllBytes(file, model);
                sides.Add([OnnxRuntime, file, n]);
            }

            List<(double Ms, double Bytes)>[] samples = [.. sides.Select(_ => new List<(double, double)>())];
            for (int round = 0; round <= Rounds; round++)
            {
                for (int side = 0; side < sides.Count; side++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    (double, double) sample = Once(sides[side]);
                    if (round > 0)
                    {
                        samples[side].Add(sample); // the first round brings the files into the system's cache
                    }
                }

                progress(round);
            }

            return [.. samples.Select(side => new Start(Median(side.Select(s => s.Ms)), Median(side.Select(s => s.Bytes))))];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What the child does: one inference, then a line with the largest resident memory.</summary>
    /// <returns>Whether the arguments were meant for it.</returns>
    public static bool RunChild(string[] arguments)
    {
        switch (arguments)
        {
            case [Hawq, string assembly, string type, string threads]:
                InferOnce(Assembly.LoadFrom(assembly).GetType(type, throwOnError: true)!, int.Parse(threads, CultureInfo.InvariantCulture));
                break;
            case [OnnxRuntime, string model, string threads]:
                InferPeerOnce(model, int.Parse(threads, CultureInfo.InvariantCulture));
                break;
            default:
                return false;
        }

        return true;
    }

    // A method of its own: the other side does not load ONNX Runtime's assembly.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void InferPeerOnce(string model, int threads)
    {
        using OnnxRuntimePeer peer = new(File.ReadAllBytes(model), model, threads);
        peer.Infer();
        Report();
    }

    private static void InferOnce(Type type, int threads)
    {
        ConstructorInfo constructor = type.GetConstructors().Single(c => c.GetParameters().Length == 1);
        object options = Activator.CreateInstance(constructor.GetParameters()[0].ParameterType)!;
        options.GetType().GetProperty("Threads")!.SetValue(options, threads);
        object network = constructor.Invoke([options]);
        MethodInfo infer = type.GetMethods().First(method => method.Name == "Infer");
        typeof(StartProcess).GetMethod(nameof(Call), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(infer.GetParameters()[0].ParameterType.GetGenericArguments()[0])
            .Invoke(null, [infer, network, type.GetField("InputLength")!.GetRawConstantValue(), type.GetField("OutputLength")!.GetRawConstantValue()]);
        Report();
    }

    private static void Call<T>(MethodInfo infer, object network, int input, int output)
        where T : struct => infer.CreateDelegate<InferOne<T>>(network)(new T[input], new int[output]);

    private delegate void InferOne<T>(ReadOnlySpan<T> input, Span<int> logits);

    private static void Report()
    {
        using Process process = Process.GetCurrentProcess();
        Console.WriteLine(process.PeakWorkingSet64.ToString(CultureInfo.InvariantCulture));
    }

    private static (double Ms, double Bytes) Once(string[] arguments)
    {
        long start = Stopwatch.GetTimestamp();
        using Process process = Process.Start(TierProcess.Tool(arguments))!;
        string? line = process.StandardOutput.ReadLine();
        double ms = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 && double.TryParse(line, CultureInfo.InvariantCulture, out double bytes)
            ? (ms, bytes)
            : throw new InvalidOperationException($"The process {arguments[0]} ended with exit code {process.ExitCode}: {error}");
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
