using Hawq.Training.Gradients;

namespace Hawq.Training.ZeroShot;

/// <summary>How calibration images are synthesised.</summary>
public sealed record ZeroShotOptions
{
    /// <summary>Number of images.</summary>
    public int Images { get; init; } = 256;

    /// <summary>Images whose joint statistics are compared with those of the network: fewer cannot show them, more cost memory.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Whether a generator is trained that makes the images, instead of changing the pixels of each.</summary>
    public bool Generator { get; init; }

    /// <summary>Steps of the optimizer: per batch, or of the generator. Null: <see cref="EffectiveSteps"/>' default.</summary>
    public int? Steps { get; init; }

    /// <summary>The number of steps in effect.</summary>
    public int EffectiveSteps => Steps ?? (Generator ? 400 : 100);

    /// <summary>Full learning rate, in units of the preprocessed pixels.</summary>
    public double Rate { get; init; } = .1;

    /// <summary>Full learning rate of the generator's parameters.</summary>
    public double GeneratorRate { get; init; } = .01;

    /// <summary>Weight of the cross entropy with the wanted classes. Null: <see cref="EffectiveClassWeight"/>' default.</summary>
    public double? ClassWeight { get; init; }

    /// <summary>The weight in effect: a generator, which must learn what classes are, needs more of it than pixels do.</summary>
    public double EffectiveClassWeight => ClassWeight ?? (Generator ? .3 : .1);

    /// <summary>Weight of the roughness of the images.</summary>
    public double SmoothnessWeight { get; init; } = .05;

    /// <summary>How statistics are compared.</summary>
    public StatisticsForm Form { get; init; } = StatisticsForm.Squared;

    /// <summary>Seed of everything random.</summary>
    public int Seed { get; init; } = 1;
}
