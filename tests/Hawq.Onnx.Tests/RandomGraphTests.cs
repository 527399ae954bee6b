using Hawq.Testing.Onnx;
using Xunit;

namespace Hawq.Onnx.Tests;

public sealed class RandomGraphTests
{
    [Fact]
    public void Random_graphs_import_and_compute_the_same()
    {
        for (int seed = 0; seed <= 200; seed++)
        {
            (OnnxModelBuilder model, long[] dims) = RandomGraphs.Create(seed);
            try
            {
                Import.AndCompare(model, dims);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Seed {seed} ({string.Join(", ", model.Model.Graph.Node.Select(node => node.OpType))}): {exception.Message}", exception);
            }
        }
    }
}
