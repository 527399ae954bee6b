// models DIR [NAME ...]: writes the benchmark networks as ONNX files, for hawq quantize and hawq bench.
// Anything else goes to BenchmarkDotNet: --filter '*' measures seeded networks beside ONNX Runtime.
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Hawq.Benchmarks;
using Hawq.Testing.Onnx.Networks;

if (args is [] or ["models"])
{
    Console.Error.WriteLine("usage: models DIR [NAME ...]");
    Console.Error.WriteLine($"names: {string.Join(" ", ModelFiles.All.Select(network => network.Name))}");
    Console.Error.WriteLine("or BenchmarkDotNet's arguments, for example: --filter '*'");
    return 2;
}

if (args is not ["models", string folder, .. string[] names])
{
    // In this process: networks are compiled in memory, there is nothing to restore or build.
    IConfig config = DefaultConfig.Instance.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance));
    BenchmarkSwitcher.FromAssembly(typeof(InferenceBenchmarks).Assembly).Run(args, config);
    return 0;
}

foreach (ZooNetwork network in ModelFiles.All.Where(network => names.Length == 0 || names.Contains(network.Name)))
{
    ModelFiles.Write(folder, network);
    Console.WriteLine(network.Name);
}

return 0;
