using Hawq.Testing.Onnx.Networks;
using Xunit;

namespace Hawq.Onnx.Tests;

public sealed class ZooTests
{
    public static TheoryData<string> Names => [.. NetworkZoo.All(8).Select(network => network.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_network_that_people_deploy_imports_and_computes_the_same(string name)
    {
        ZooNetwork network = NetworkZoo.All(8).Single(network => network.Name == name);
        FloatGraph graph = Import.AndCompare(network.Build(), [.. network.InputDims]);
        Assert.All(graph.Nodes, node => Assert.True(graph.Shapes.ContainsKey(node.Output)));
    }
}
