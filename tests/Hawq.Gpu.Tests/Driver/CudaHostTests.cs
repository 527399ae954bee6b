using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Hawq.Gpu.Tests.Driver;

/// <summary>The host of Hawq.Gpu through ILGPU's real CUDA code, over a driver library without a GPU.</summary>
public sealed class CudaHostTests
{
    [StubDriverFact]
    public void Batches_and_sessions_equal_the_reference()
    {
        string output = Run("results");
        Assert.Contains("device Stub 0, CUDA True", output, StringComparison.Ordinal);
        Assert.Equal(7, Regex.Count(output, ": equal$", RegexOptions.Multiline));
        Assert.DoesNotContain("different", output, StringComparison.Ordinal);
    }

    [StubDriverFact]
    public void Inference_allocates_nothing_and_only_copies_launches_and_waits()
    {
        string output = Run("allocations");
        Assert.Contains("allocated 0 bytes in 2000 batches", output, StringComparison.Ordinal);
        long launches = Number(output, "launches per batch of the program");
        Assert.InRange(launches, 5, 50);
        Assert.Equal(2000 * launches, Number(output, "Launches"));
        Assert.Equal(3 * 2000, Number(output, "Copies")); // the input, two outputs
        Assert.Equal(2000, Number(output, "Synchronizations"));
        Assert.All(["DeviceAllocations", "HostAllocations", "Modules", "Streams"], kind => Assert.Equal(0, Number(output, kind)));
    }

    [StubDriverFact]
    public void Without_a_device_the_error_says_what_to_do()
    {
        string output = Run("device", ("STUB_DEVICES", "0"));
        Assert.StartsWith("HAWQ1401: No CUDA device was found. Install the NVIDIA driver, or set GpuOptions.Fallback", output, StringComparison.Ordinal);
    }

    [StubDriverFact]
    public void A_device_without_integer_tensor_cores_is_named()
    {
        string output = Run("device", ("STUB_CAPABILITY", "70"));
        Assert.StartsWith("HAWQ1401: Integer tensor cores need compute capability 7.5 (T4); Stub 0 has", output, StringComparison.Ordinal);
    }

    [StubDriverFact]
    public void A_kernel_that_the_driver_refuses_is_named()
    {
        string output = Run("device", ("STUB_REFUSES", "mma.sync"));
        Assert.Matches("^HAWQ1401: The driver of Stub 0 refuses the kernel Conv", output);
    }

    [StubDriverFact]
    public void What_callers_do_wrong_is_refused()
    {
        string output = Run("misuse");
        Assert.Equal(9, Regex.Count(output, ": refused$", RegexOptions.Multiline));
        Assert.Equal(9, output.TrimEnd().Split('\n').Length);
    }

    [StubDriverFact]
    public void Embedded_ptx_reaches_the_driver_and_nothing_is_compiled()
    {
        string output = Run("ptx");
        Assert.Contains("embedded: equal", output, StringComparison.Ordinal);
        Assert.Equal(Number(output, "kernels"), Number(output, "modules with the mark"));
        Assert.Equal(0, Number(output, "modules without"));
    }

    private static string Run(string check, params (string Name, string Value)[] environment)
    {
        (int exitCode, string output) = StubDriver.Start(check, environment);
        Assert.True(exitCode == 0, output);
        return output;
    }

    private static long Number(string output, string name)
    {
        Match match = Regex.Match(output, $@"^{name} (\d+)\r?$", RegexOptions.Multiline);
        Assert.True(match.Success, output);
        return long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
    }
}

/// <summary>A test over the stub driver; skipped with a message where it cannot be built.</summary>
public sealed class StubDriverFactAttribute : FactAttribute
{
    /// <summary>Marks the test.</summary>
    public StubDriverFactAttribute() => Skip = StubDriver.Folder is null ? "There is no C compiler (cc, gcc or clang) that could build the stub driver." : null!;
}
