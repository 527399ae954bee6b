using System.Text.RegularExpressions;
using Hawq.Testing;
using Xunit;

namespace Hawq.Samples.Tests;

/// <summary>samples/Gpu: on whatever this machine has, and without any device.</summary>
public sealed class GpuTests
{
    private const string Equal = @"logits +equal to the CPU class's, bit for bit, in (\d+) of 20 images";

    [Fact]
    public async Task The_program_runs_on_what_there_is_and_its_logits_are_the_CPU_classs()
    {
        using RunningProgram program = SamplePrograms.Start("Gpu", "20");
        Match equal = await program.Says(Equal);
        Assert.Equal("20", equal.Groups[1].Value);
        Assert.Equal(0, await program.Ends());
    }

    [Fact]
    public async Task Without_any_device_it_says_so_and_runs_the_CPU_class()
    {
        using RunningProgram program = SamplePrograms.Start("Gpu", new Dictionary<string, string> { ["OCL_ICD_VENDORS"] = "/nowhere", ["CUDA_VISIBLE_DEVICES"] = "" }, "20");
        Assert.Equal("20", (await program.Says(Equal)).Groups[1].Value);
        Assert.StartsWith("No CUDA device was found. No OpenCL device was found.", program.Output, StringComparison.Ordinal);
        Assert.Contains("device   CPU network", program.Output, StringComparison.Ordinal);
    }

    /// <summary>What publishing asks before it compiles anything.</summary>
    [Fact]
    public void Publishing_with_NativeAOT_is_an_error_that_says_what_works()
    {
        CommandResult publish = DotNet.Run(Path.Combine(Checkout.Root, "samples", "Gpu"), "msbuild", "-nologo", "-t:HawqCheckGpuAot", "-p:PublishAot=true");
        Assert.NotEqual(0, publish.ExitCode);
        Assert.Contains("error HAWQ0203", publish.Output, StringComparison.Ordinal);
        Assert.Contains("PublishReadyToRun and SelfContained work", publish.Output, StringComparison.Ordinal);
    }
}
