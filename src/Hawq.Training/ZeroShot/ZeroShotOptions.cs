using Hawq.Training.Gradients;

namespace Hawq.Training.ZeroShot;

/// <summary>How calibration images are synthesised.</summary>
public sealed record ZeroShotOptions
{
    /// <summary>Number of images.</summary>
    public int Images { get; init; } = 256;

    /// <summary>Images whose joint statistics are compared with those of the network: fewer cannot show them, more cost memory.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Steps of the optimizer per batch.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>Full learning rate, in units of the preprocessed pixels.</summary>
    public double Rate { get; init; } = .1;

    /// <summary>Weight of the cross entropy with the wanted classes.</summary>
    public double ClassWeight { get; init; } = .1;

    /// <summary>Weight of the roughness of the images.</summary>
    public double SmoothnessWeight { get; init; } = .05;

    /// <summary>How statistics are compared.</summary>
    public StatisticsForm Form { get; init; } = StatisticsForm.Squared;

    /// <summary>Seed of everything random.</summary>
    public int Seed { get; init; } = 1;
}
