// models DIR [NAME ...]: writes the benchmark networks as ONNX files, for hawq quantize and hawq bench.
using Hawq.Benchmarks;
using Hawq.Testing.Onnx.Networks;

if (args is not ["models", string folder, .. string[] names])
{
    Console.Error.WriteLine("usage: models DIR [NAME ...]");
    Console.Error.WriteLine($"names: {string.Join(" ", ModelFiles.All.Select(network => network.Name))}");
    return 2;
}

foreach (ZooNetwork network in ModelFiles.All.Where(network => names.Length == 0 || names.Contains(network.Name)))
{
    ModelFiles.Write(folder, network);
    Console.WriteLine(network.Name);
}

return 0;
