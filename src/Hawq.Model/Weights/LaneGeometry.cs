namespace Hawq.Model;

/// <summary>
/// How the weights of one output channel fall into steps of four codes, as the dot-product kernels read them. Shared by the facts, the
/// planner's proofs and the kernel packers, so that they cannot disagree.
/// </summary>
/// <param name="Rows">Kernel rows.</param>
/// <param name="RunsPerRow">
/// Runs of codes that lie next to each other in the input, per kernel row. The columns of an ordinary kernel touch, so a row is one run of
/// kernel width x input channels codes. With a horizontal dilation, or with groups (where the codes of other groups lie between), each tap
/// is a run of its own.
/// </param>
/// <param name="RunLength">Codes per run.</param>
public readonly record struct LaneGeometry(int Rows, int RunsPerRow, int RunLength)
{
    /// <summary>Codes per step: what vpdpbusd and sdot multiply and add into one int32.</summary>
    public const int CodesPerStep = 4;

    /// <summary>Steps per run; the last one is filled up with zero weights.</summary>
    public int StepsPerRun => (RunLength + CodesPerStep - 1) / CodesPerStep;

    /// <summary>Steps per kernel row.</summary>
    public int StepsPerRow => RunsPerRow * StepsPerRun;

    /// <summary>Steps per output channel.</summary>
    public int Steps => Rows * StepsPerRow;

    /// <summary>The geometry of a layer with the given weights.</summary>
    /// <param name="weights">Kernel size and input channels of one group.</param>
    /// <param name="dilationWidth">Columns between taps, 1 for an ordinary kernel.</param>
    /// <param name="groups">Channel groups.</param>
    public static LaneGeometry Of(WeightTensor weights, int dilationWidth, int groups) =>
        dilationWidth == 1 && groups == 1
            ? new LaneGeometry(weights.KernelHeight, 1, checked(weights.KernelWidth * weights.InputChannels))
            : new LaneGeometry(weights.KernelHeight, weights.KernelWidth, weights.InputChannels);

    /// <summary>The geometry of a layer.</summary>
    public static LaneGeometry Of(LinearLayer layer) =>
        layer is ConvLayer conv ? Of(conv.Weights, conv.Dilation.Width, conv.Groups) : Of(layer.Weights, 1, 1);

    /// <summary>
    /// The window lengths for which a manifest states facts, ascending: every power of two and every 3 * 2^k up to the steps of a row, the
    /// row itself, then 2, 3, ... whole rows up to all rows.
    /// </summary>
    public int[] WindowLengths()
    {
        SortedSet<int> lengths = [];
        for (long length = 1; length <= StepsPerRow; length *= 2)
        {
            lengths.Add((int)length);
            if (3 * length <= StepsPerRow)
            {
                lengths.Add((int)(3 * length));
            }
        }

        for (int rows = 1; rows <= Rows; rows++)
        {
            lengths.Add(checked(rows * StepsPerRow));
        }

        return lengths.ToArray();
    }
}
