using System.Globalization;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace OrleansSample;

/// <summary>Collects the statistics of the float network over batches.</summary>
internal interface ICalibrationGrain : IGrainWithIntegerKey
{
    /// <summary>The statistics of a batch, as the file that <c>hawq calibrate</c> writes. Has no effect beside its answer.</summary>
    [ResponseTimeout("00:00:15")] // a batch takes a second; a call that a dead silo took with it waits until then
    Task<Answer<byte>> Collect(Batch batch);
}

/// <summary>A stateless worker around the tool, which holds the float network (in ONNX Runtime) and knows every kind of data set.</summary>
[StatelessWorker]
internal sealed class CalibrationGrain(ILocalSiloDetails silo) : Grain, ICalibrationGrain
{
    /// <inheritdoc/>
    public async Task<Answer<byte>> Collect(Batch batch) => new(batch.Id, await HawqTool.Run(
        ["calibrate", HawqTool.Model, .. HawqTool.Images, "--first", Text(batch.First), "--images", Text(batch.Count), "--json", "--quiet"]), silo.Name);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
