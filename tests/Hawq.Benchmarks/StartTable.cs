using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Hawq.CodeGen.Emit;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Onnx.Export;
using Hawq.Planning;
using Microsoft.ML.OnnxRuntime;

namespace Hawq.Benchmarks;

/// <summary>
/// Programs that run one inference and end, as their users would build them: ours and ONNX Runtime's, under the JIT and compiled ahead of time. Linux: peak memory comes from /proc.
/// </summary>
internal static class StartTable
{
    // After the first logits; both sides pay the same for it.
    private const string Report = """
        double cpu = Environment.CpuUsage.TotalTime.TotalMilliseconds;
        string peak = "";
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("VmHWM:")) { peak = line[6..^2].Trim(); }
        }

        Console.WriteLine(cpu.ToString("R", System.Globalization.CultureInfo.InvariantCulture) + " " + peak);
        """;

    private const string Usings = "using System; using System.IO; using System.Linq;\n";

    private const string Ours = Usings + """
        using Ours.Model network = new();
        INPUT[] input = new INPUT[Ours.Model.InputLength];
        int[] logits = new int[Ours.Model.OutputLength];
        network.Infer(input, logits);
        """ + "\n" + Report;

    private const string Peer = "using Microsoft.ML.OnnxRuntime;\n" + Usings + """
        using SessionOptions options = new() { IntraOpNumThreads = 1, InterOpNumThreads = 1, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL };
        using InferenceSession session = new(Path.Combine(AppContext.BaseDirectory, "model.onnx"), options);
        using RunOptions run = new();
        NodeMetadata metadata = session.InputMetadata[session.InputNames[0]];
        using OrtValue input = OrtValue.CreateAllocatedTensorValue(
            OrtAllocator.DefaultInstance, metadata.ElementDataType, metadata.Dimensions.Select(d => (long)Math.Max(d, 1)).ToArray());
        input.GetTensorMutableRawData().Clear();
        using IDisposable outputs = session.Run(run, session.InputNames, [input], session.OutputNames);
        """ + "\n" + Report;

    /// <summary>Publishes, measures in turns and prints a Markdown table.</summary>
    public static int Print(string manifest, int rounds)
    {
        string root = Directory.CreateTempSubdirectory("hawq-start-").FullName;
        try
        {
            (Network network, NetworkWeights weights) = ManifestFile.Load(manifest);
            string model = Path.Combine(root, "model.onnx");
            File.WriteAllBytes(model, QdqExporter.Export(network, weights, new ExportOptions(ExportGrid.Int8Twin, ExportInput.Codes)));
            ScratchProject empty = new(root, "Empty", Usings + Report, "", generator: false);
            ScratchProject ours = new(
                root, "Program", Ours.Replace("INPUT", InputType(network), StringComparison.Ordinal),
                $"""<HawqModel Include="{Path.GetFullPath(manifest)}" ClassName="Model" Namespace="Ours" />""", generator: true);
            string version = typeof(InferenceSession).Assembly.GetName().Version!.ToString(3);
            ScratchProject peer = new(
                root, "Peer", Peer, $"""
                <PackageReference Include="Microsoft.ML.OnnxRuntime" Version="{version}" />
                <None Include="{model}" CopyToOutputDirectory="PreserveNewest" />
                """, generator: false);
            string[] jit = ["--self-contained", "false"];
            string[] aot = ["-p:PublishAot=true", "-p:IlcInstructionSet=x86-64-v3"];
            (string Name, string Program)[] programs =
            [
                ("empty program, JIT", empty.Publish("jit", jit)),
                ("ours, JIT", ours.Publish("jit", jit)),
                ("ONNX Runtime, JIT", peer.Publish("jit", jit)),
                ("empty program, NativeAOT", empty.Publish("aot", aot)),
                ("ours, NativeAOT x86-64-v3", ours.Publish("aot", aot)),
                ("ours, NativeAOT x86-64-v4", ours.Publish("aot4", "-p:PublishAot=true", "-p:IlcInstructionSet=x86-64-v4")),
                ("ONNX Runtime, NativeAOT", peer.Publish("aot", aot)),
            ];

            List<Sample>[] samples = [.. programs.Select(_ => new List<Sample>())];
            for (int round = 0; round <= rounds; round++)
            {
                for (int i = 0; i < programs.Length; i++)
                {
                    Sample sample = Once(programs[i].Program);
                    if (round > 0)
                    {
                        samples[i].Add(sample); // the first round brings the files into the system's cache
                    }
                }
            }

            Console.WriteLine($"| program | ms to the first logits, median / smallest of {rounds} | processor ms, median / smallest | peak memory, MB |");
            Console.WriteLine("|---|---|---|---|");
            for (int i = 0; i < programs.Length; i++)
            {
                string Column(Func<Sample, double> value) => string.Create(
                    CultureInfo.InvariantCulture, $"{samples[i].Select(value).Order().ElementAt(rounds / 2):F0} / {samples[i].Min(value):F0}");
                double memory = samples[i].Select(sample => sample.Megabytes).Order().ElementAt(rounds / 2);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"| {programs[i].Name} | {Column(s => s.Ms)} | {Column(s => s.ProcessorMs)} | {memory:F1} |"));
            }

            return 0;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    // bytes for pixels, else the narrowest type of the codes: as the generated method says.
    private static string InputType(Network network) => Regex.Match(
        Emitter.EmitClass(Planner.Plan(network), new EmitOptions("Ours", "Model", "", "", "")).Text, @"void Infer\(global::System\.ReadOnlySpan<(\w+)>").Groups[1].Value;

    private sealed record Sample(double Ms, double ProcessorMs, double Megabytes);

    private static Sample Once(string program)
    {
        long start = Stopwatch.GetTimestamp();
        using Process process = Process.Start(new ProcessStartInfo(program) { RedirectStandardOutput = true })!;
        string? line = process.StandardOutput.ReadLine();
        double ms = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        process.WaitForExit();
        return line?.Split(' ') is [string cpu, string peak] && process.ExitCode == 0
            ? new Sample(ms, double.Parse(cpu, CultureInfo.InvariantCulture), double.Parse(peak, CultureInfo.InvariantCulture) * 1024 / 1e6)
            : throw new InvalidOperationException($"{program} ended with exit code {process.ExitCode} after '{line}'.");
    }
}
