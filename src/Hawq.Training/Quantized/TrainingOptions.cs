namespace Hawq.Training.Quantized;

/// <summary>How weights become discrete during training.</summary>
public enum WeightTraining
{
    /// <summary>Real weights are rounded forward; gradients pass straight through.</summary>
    StraightThrough,

    /// <summary>Proximal mean-field (arXiv 1812.04353): a softmax over labels that grows sharper; codes of 2 bits only.</summary>
    MeanField,

    /// <summary>Projected gradient: a score per label takes the gradient, the largest score is used; codes of 2 bits only.</summary>
    ProjectedGradient,
}

/// <summary>How a quantized network is trained.</summary>
public sealed record TrainingOptions
{
    /// <summary>Steps of the optimizer.</summary>
    public int Steps { get; init; } = 400;

    /// <summary>Images per step.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Images per run of the graph: a step is made of several, side by side on the cores.</summary>
    public int RunSize { get; init; } = 32;

    /// <summary>Full learning rate of weights, in steps of their grid per step of the optimizer (Adam).</summary>
    public double Rate { get; init; } = .002;

    /// <summary>Weight of the float network's output among the targets, 0 to 1; 0 needs labels.</summary>
    public double Distillation { get; init; }

    /// <summary>Temperature of the distillation.</summary>
    public double Temperature { get; init; } = 4;

    /// <summary>Whether images are mirrored and moved by up to two pixels at random.</summary>
    public bool Augment { get; init; } = true;

    /// <summary>Inputs used, from the start of the set; null: all.</summary>
    public int? Images { get; init; }

    /// <summary>Wall-clock limit: the learning rate falls faster where the steps would not be done in time. Null: none.</summary>
    public TimeSpan? Budget { get; init; }

    /// <summary>How weights become discrete.</summary>
    public WeightTraining Weights { get; init; } = WeightTraining.StraightThrough;

    /// <summary>Whether 2-bit weights are only -1 and 1.</summary>
    public bool Binary { get; init; }

    /// <summary>Seed of the order of images and of their augmentation.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Where to save the state from time to time; null: nowhere.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Steps between two checkpoints.</summary>
    public int CheckpointEvery { get; init; } = 50;
}
