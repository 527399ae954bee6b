// models DIR [NAME ...]: writes the benchmark networks as ONNX files, for hawq quantize and hawq bench.
// manifests DIR: writes ResNet-20 and ResNet-50 with random weights as manifests, for hawq emit --time.
// publish: publishes samples/NativeAot in every way and prints size, start and whether the logits are equal.
// start MANIFEST [ROUNDS]: processes of their own, ours and ONNX Runtime's, under the JIT and compiled ahead of time: time to the first logits, peak memory.
// compile MANIFEST ...: what these networks add to the build of a project.
// Anything else goes to BenchmarkDotNet: --filter '*' measures seeded networks beside ONNX Runtime.
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Hawq.Benchmarks;
using Hawq.Testing;
using Hawq.Testing.Onnx.Networks;

switch (args)
{
    case ["models", string folder, .. string[] names]:
        foreach (ZooNetwork network in ModelFiles.All.Where(network => names.Length == 0 || names.Contains(network.Name)))
        {
            ModelFiles.Write(folder, network);
            Console.WriteLine(network.Name);
        }

        return 0;
    case ["manifests", string folder]:
        ModelFiles.Write(folder, TypicalNetworks.ResNet20());
        ModelFiles.Write(folder, TypicalNetworks.ResNet50());
        return 0;
    case ["publish"]:
        return PublishTable.Print();
    case ["start", string manifest]:
        return StartTable.Print(manifest, 11);
    case ["start", string manifest, string rounds]:
        return StartTable.Print(manifest, int.Parse(rounds, System.Globalization.CultureInfo.InvariantCulture));
    case ["compile", _, ..]:
        return CompileTimes.Print(args[1..]);
    case [] or ["models"] or ["manifests"] or ["start"] or ["compile"]:
        Console.Error.WriteLine("usage: models DIR [NAME ...] | manifests DIR | publish | start MANIFEST [ROUNDS] | compile MANIFEST ...");
        Console.Error.WriteLine($"names: {string.Join(" ", ModelFiles.All.Select(network => network.Name))}");
        Console.Error.WriteLine("or BenchmarkDotNet's arguments, for example: --filter '*'");
        return 2;
    default:
        // In this process: networks are compiled in memory, there is nothing to restore or build.
        IConfig config = DefaultConfig.Instance.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance));
        BenchmarkSwitcher.FromAssembly(typeof(InferenceBenchmarks).Assembly).Run(args, config);
        return 0;
}
