using System.Diagnostics;
using System.Globalization;
using Hawq.Model;
using Hawq.Quantization.MixedPrecision;
using Hawq.Quantization.Sensitivity;
using Hawq.Testing.Onnx;
using Xunit;
using Xunit.Abstractions;

namespace Hawq.Cli.Tests;

/// <summary>
/// <c>kill -9</c> at any moment: no file is ever half there, and who starts again gets the bytes of a run that nobody disturbed.
/// </summary>
public sealed class InterruptionTests(ITestOutputHelper output)
{
    /// <summary>Kills per verb. Few in everyday runs; <c>HAWQ_KILLS=50</c> is the long form.</summary>
    private static int Kills { get; } = int.TryParse(Environment.GetEnvironmentVariable("HAWQ_KILLS"), CultureInfo.InvariantCulture, out int kills) ? kills : 4;

    [Theory]
    [InlineData("quantize", "-o", "out/net.hawq.json")]
    [InlineData("analyze", "-o", "out/sensitivity.json")]
    [InlineData("pareto", "--measure", "data.npy", "--steps", "4", "-o", "out/pareto.json")]
    public async Task Killed_runs_leave_whole_files_and_are_continued_to_the_same_bytes(string verb, params string[] more)
    {
        using TemporaryFolder folder = new();
        WriteInputs(folder);
        string[] arguments = [verb, "net.onnx", "--calibration", "data.npy", .. more, "--quiet"];
        string results = folder.PathOf("out");
        Random random = new(verb.Length);

        Stopwatch clock = Stopwatch.StartNew();
        await Finish(folder, arguments);
        TimeSpan whole = clock.Elapsed;
        Dictionary<string, string> expected = Contents(results);
        Directory.Delete(results, recursive: true);

        int atWrites = 0, atRandom = 0, finished = 0;
        while (atWrites + atRandom < Kills)
        {
            bool atWrite = random.Next(2) == 0;
            using Process process = ToolProcess.StartIn(folder.Path, arguments);
            TimeSpan moment = whole * random.NextDouble();
            for (clock.Restart(); !process.HasExited && (atWrite ? !Writes(results) : clock.Elapsed < moment);)
            {
                Thread.Sleep(atWrite ? TimeSpan.Zero : TimeSpan.FromMilliseconds(1));
            }

            bool killed = !process.HasExited;
            process.Kill();
            await process.WaitForExitAsync();
            CheckFiles(results);
            if (killed)
            {
                (atWrites, atRandom) = atWrite ? (atWrites + 1, atRandom) : (atWrites, atRandom + 1);
            }
            else
            {
                // It was done before its moment came: begin again from nothing, or every later run would have little left to do.
                finished++;
                Assert.Equal(expected, Contents(results));
                Directory.Delete(results, recursive: true);
            }
        }

        await Finish(folder, arguments);

        output.WriteLine($"{verb}: {atRandom} kills at random moments, {atWrites} while a file was written, {finished} runs done before their kill; one run takes {whole.TotalSeconds:0.0} s");
        Assert.Equal(expected, Contents(results));
    }

    /// <summary>Everything under its own name is whole; temporary files may be anything.</summary>
    private static void CheckFiles(string folder)
    {
        foreach (string file in Directory.Exists(folder) ? Directory.GetFiles(folder) : [])
        {
            switch (Path.GetFileName(file))
            {
                case "net.hawq.json":
                    ManifestFile.Load(file);
                    break;
                case "pareto.json":
                    ParetoFront.Read(file);
                    break;
                case "sensitivity.json" or "pareto.sensitivity.json":
                    SensitivityFile.Read(file);
                    break;
                default:
                    Assert.True(file.EndsWith(".tmp", StringComparison.Ordinal) || file.EndsWith("net.hawq.bin", StringComparison.Ordinal), file);
                    break;
            }
        }
    }

    private static bool Writes(string folder)
    {
        try
        {
            return Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.tmp").Any();
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
    }

    private static async Task Finish(TemporaryFolder folder, string[] arguments)
    {
        using Process process = ToolProcess.StartIn(folder.Path, arguments);
        Outcome outcome = await ToolProcess.Finish(process);
        Assert.True(outcome.Code == 0, outcome.Error);
    }

    private static Dictionary<string, string> Contents(string folder) =>
        Directory.GetFiles(folder).ToDictionary(file => Path.GetFileName(file), file => Convert.ToBase64String(File.ReadAllBytes(file)));

    /// <summary>A network of six layers with weights, and 64 inputs.</summary>
    private static void WriteInputs(TemporaryFolder folder)
    {
        OnnxModelBuilder model = new();
        string x = model.Input("x", null, 3, 8, 8);
        for (int i = 0; i < 5; i++)
        {
            x = model.Node("Relu", [model.Node("Conv", [x, model.Random(0.3f, 8, i == 0 ? 3 : 8, 3, 3), model.Random(0.1f, 8)], ("pads", new long[] { 1, 1, 1, 1 }))]);
        }

        x = model.Node("Flatten", [model.Node("GlobalAveragePool", [x])]);
        model.Output(model.Node("Gemm", [x, model.Random(1, 8, 4), model.Random(1, 4)])).Save(folder.PathOf("net.onnx"));

        string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (64, 3, 8, 8), }".PadRight(117) + "\n";
        Random random = new(1);
        byte[] values = [.. Enumerable.Range(0, 64 * 3 * 8 * 8).SelectMany(_ => BitConverter.GetBytes((random.NextSingle() * 2) - 1))];
        folder.Write("data.npy", [0x93, .. "NUMPY"u8, 1, 0, 118, 0, .. System.Text.Encoding.ASCII.GetBytes(header), .. values]);
    }
}
