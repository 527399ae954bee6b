using CsCheck;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization;
using Hawq.Quantization.Data;
using Hawq.Quantization.Evaluation;
using Hawq.Quantization.Lowering;
using Hawq.Testing;
using Hawq.Training.Gradients;
using Hawq.Training.ZeroShot;
using Xunit;

namespace Hawq.Training.Tests.ZeroShot;

public sealed class ZeroShotTests
{
    private static readonly ZeroShotOptions Small = new() { Images = 48, BatchSize = 48, Steps = 120 };

    [Theory]
    [InlineData(StatisticsForm.Squared)]
    [InlineData(StatisticsForm.Kl)]
    public void The_divergence_is_zero_where_statistics_agree_and_positive_elsewhere(StatisticsForm form)
    {
        Tape tape = new();
        TapeValue x = tape.Input("x", 1, 1, 1, 4);
        TapeValue divergence = tape.StatisticsDivergence(x, [.5f], [2f], 1e-5, form);
        using TapeSession session = new(tape, divergence);
        double root = Math.Sqrt(2);
        Assert.Equal(0, session.Run(_ => [(float)(.5 + root), (float)(.5 - root), (float)(.5 + root), (float)(.5 - root)])[0][0], 6);
        Gen.Float[-5, 5].Array[4].Sample(values => Assert.True(session.Run(_ => values)[0][0] > 0));
    }

    [Fact]
    public void Every_normalization_is_compared_with_what_it_reads()
    {
        // On the images that the statistics were taken from nothing diverges, whatever the order of nodes.
        FloatGraph graph = TinyNetwork.Unfolded;
        SyntheticDataSet data = TinyNetwork.Data(128, 9);
        Tape tape = new();
        TapeValue images = tape.Input("images", 128, 3, 8, 8), targets = tape.Input("targets", 128, 3);
        ZeroShotGraph written = ZeroShotGraph.Write(tape, graph, images, targets, Small);
        using TapeSession session = new(tape, written.Statistics);
        float[] values = new float[images.Count];
        new PixelRange(TinyNetwork.Preprocess, TinyNetwork.Input).Read(data, 0, values);
        Assert.InRange(session.Run(name => name == "images" ? values : ZeroShotGraph.OneHot(data.Labels, 3))[0][0], 0, 1e-5);
    }

    [Theory]
    [InlineData(StatisticsForm.Squared)]
    [InlineData(StatisticsForm.Kl)]
    public void Statistics_fall_to_a_tenth_of_noise_and_the_network_sees_the_wanted_classes(StatisticsForm form)
    {
        ZeroShotResult result = ZeroShotCalibration.Synthesise(TinyNetwork.Unfolded, TinyNetwork.Preprocess, Small with { Form = form, ClassWeight = form == StatisticsForm.Kl ? .06 : .1 });
        Assert.Equal(48, result.Images.Count);
        Assert.True(result.StatisticsAfter < .1 * result.StatisticsBefore, result.ToString());
        Assert.True(result.Agreement >= .95, result.ToString());
        Assert.All(Enumerable.Range(0, 3), label => Assert.InRange(result.Images.Labels.Count(l => l == label), 8, 24));
    }

    [Fact]
    public void A_generator_learns_to_make_such_images_from_noise_it_has_not_seen()
    {
        // A generator that is told the class only by noise times an embedding reaches .7 in as many steps.
        ZeroShotResult result = ZeroShotCalibration.Synthesise(TinyNetwork.Unfolded, TinyNetwork.Preprocess, Small with { Generator = true, Images = 60, Steps = 80 });
        Assert.Equal(60, result.Images.Count);
        Assert.True(result.StatisticsAfter < .15 * result.StatisticsBefore, result.ToString());
        Assert.True(result.Agreement >= .95, result.ToString());
        ZeroShotResult untrained = ZeroShotCalibration.Synthesise(TinyNetwork.Unfolded, TinyNetwork.Preprocess, Small with { Generator = true, Steps = 1 });
        Assert.True(untrained.StatisticsAfter > 2 * result.StatisticsAfter, untrained.ToString());
        Assert.True(untrained.Agreement < .8, untrained.ToString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_same_seed_gives_the_same_images_on_any_number_of_threads(bool generator)
    {
        ZeroShotOptions options = Small with { Steps = 5, Generator = generator };
        byte[][] Images(ZeroShotOptions o)
        {
            SyntheticDataSet set = ZeroShotCalibration.Synthesise(TinyNetwork.Unfolded, TinyNetwork.Preprocess, o).Images;
            return [.. Enumerable.Range(0, set.Count).Select(i =>
            {
                byte[] pixels = new byte[set.Shape.Length];
                set.ReadPixels(i, pixels);
                return pixels;
            })];
        }

        TaskScheduler oneThread = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, 1).ConcurrentScheduler;
        byte[][] parallel = Images(options);
        Assert.Equal(parallel, await Task.Factory.StartNew(() => Images(options), CancellationToken.None, TaskCreationOptions.None, oneThread));
        Assert.NotEqual(parallel, Images(options with { Seed = 2 }));
    }

    [Fact]
    public void A_network_without_statistics_is_refused_and_told_how_to_export_them()
    {
        HawqException exception = Assert.Throws<HawqException>(() => ZeroShotCalibration.Synthesise(TinyNetwork.Folded, TinyNetwork.Preprocess, Small));
        Assert.Equal(HawqIds.ZeroShot, exception.Id);
        Assert.Contains("torch.onnx.export", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Saved_images_are_a_data_set_with_the_same_bytes()
    {
        SyntheticDataSet images = ZeroShotCalibration.Synthesise(TinyNetwork.Unfolded, TinyNetwork.Preprocess, Small with { Steps = 2 }).Images;
        string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            foreach ((string path, byte[] png) in SyntheticImages.Files(images))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, path))!);
                File.WriteAllBytes(Path.Combine(folder, path), png);
            }

            using IDataSet read = DataSet.Open(folder, images.Shape, images.Preprocess);
            byte[] wanted = new byte[images.Shape.Length], actual = new byte[images.Shape.Length];
            int[] order = [.. Enumerable.Range(0, images.Count).OrderBy(i => images.Labels[i])];
            Assert.Equal(order.Select(i => images.Labels[i]), read.Labels);
            for (int i = 0; i < order.Length; i++)
            {
                images.ReadPixels(order[i], wanted);
                read.ReadPixels(i, actual);
                Assert.Equal(wanted, actual);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [SharedDataFact]
    public void Resnet20_is_calibrated_by_few_synthetic_images_better_than_by_noise()
    {
        string path = SharedData.PathOf("models", "resnet20-cifar10.onnx");
        FloatGraph graph = OnnxImporter.Load(path);
        using IDataSet test = DataSet.Open(SharedData.PathOf("cifar10", "test_batch_1000.bin"), null, graph.Shapes[graph.Input], "cifar10");
        ZeroShotResult result = ZeroShotCalibration.Synthesise(
            OnnxImporter.LoadUnfolded(path), test.Preprocess!, new ZeroShotOptions { Images = 32, BatchSize = 32, Steps = 40 });
        Assert.True(result.Agreement >= .95, result.ToString());
        Assert.True(result.StatisticsAfter < .1 * result.StatisticsBefore, result.ToString());
        QuantizerOptions options = new() { Grids = new GridOptions(new BitAssignment(LayerBits.Parse("4/4"))), Effort = Effort.Fast, CalibrationCount = 32 };
        using FloatRunner runner = new(graph);
        float[][] logits = runner.Logits(test, 200);
        double Sqnr(IDataSet calibration) =>
            NetworkEvaluation.Run(test, Quantizer.Quantize(graph, calibration, options, "x.hawq.bin"), logits, 200).SqnrDb!.Value;
        double synthetic = Sqnr(result.Images), noise = Sqnr(SyntheticDataSet.Noise(test.Shape, test.Preprocess!, 32, 1));
        Assert.True(synthetic > noise + 1, $"synthetic {synthetic}, noise {noise}");
    }
}
