using Hawq.Model;

namespace Hawq.Planning;

/// <summary>How steps are divided among threads.</summary>
internal static class WorkDivision
{
    /// <summary>Output channels of a unit of <see cref="WorkAxis.ChannelBlocks"/>: two 512-bit vectors of int32 accumulators, one tile.</summary>
    public const int BlockChannels = 32;

    /// <summary>
    /// Below this many rows a convolution is divided by output channels: its weights, not its pixels, are then what must be read, and
    /// every thread reads only its own part of them.
    /// </summary>
    public const int MinRows = 14;

    /// <summary>By rows.</summary>
    public static WorkPlan Rows(Shape shape) => new(WorkAxis.Rows, shape.Height);

    /// <summary>A convolution: by rows of a large map, otherwise, and where its weights are most of the work, by blocks of output channels.</summary>
    public static WorkPlan Convolution(ConvGeometry geometry, IEnumerable<KernelChoice> kernels) =>
        geometry.Output.Height >= MinRows
        && !kernels.Any(kernel => kernel.Family == KernelFamily.Winograd4 && new WinogradLayout(kernel.Tier, geometry).TransformsMostlyWeights)
            ? Rows(geometry.Output)
            : new(WorkAxis.ChannelBlocks, (geometry.Output.Channels + BlockChannels - 1) / BlockChannels);
}
