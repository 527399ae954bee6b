using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace WebApi;

/// <summary>
/// Healthy means that the network answers a grey image as it did when the service started. With an instance of its own, so that a busy pool is
/// not taken for a broken service.
/// </summary>
internal sealed class NetworkHealthCheck : IHealthCheck
{
    private static readonly int[] s_expected = Answer();

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Answer().AsSpan().SequenceEqual(s_expected) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The network's answer has changed."));

    private static int[] Answer()
    {
        byte[] pixels = new byte[Resnet20Cifar10.InputLength];
        pixels.AsSpan().Fill(128);
        int[] logits = new int[Resnet20Cifar10.OutputLength];
        using Resnet20Cifar10 network = new();
        network.Infer(pixels, logits);
        return logits;
    }
}
