using Hawq.Cli.Tests.Documentation;
using Hawq.Testing;
using Xunit;

namespace Hawq.Cli.Tests;

/// <summary>What <c>hawq evaluate</c> says beside its numbers.</summary>
public sealed class EvaluateTests(SmallInputs inputs) : IClassFixture<SmallInputs>
{
    [Fact]
    public async Task A_network_that_guesses_is_warned_of_and_one_that_does_not_is_not()
    {
        using TemporaryFolder folder = new();
        string images = Path.Combine(Checkout.Root, "samples", "Cifar10", "data", "test_batch_200.bin"), untrained = folder.PathOf("net.hawq.json");
        inputs.CopyNetwork(untrained, ternary: false);

        Outcome guesses = await Tool.Run("evaluate", untrained, "--data", images, "--float", inputs.Model, "--json");
        Outcome knows = await Tool.Run("evaluate", Path.Combine(Checkout.Root, "samples", "Cifar10", "resnet20-cifar10.hawq.json"), "--data", images);

        Assert.Equal((0, 0), (guesses.Code, knows.Code));
        Assert.Contains("hardly better than guessing", guesses.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("guessing", guesses.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("guessing", knows.Error, StringComparison.Ordinal);
    }
}
