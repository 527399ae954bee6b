using System.Diagnostics;

namespace OrleansSample;

/// <summary>The <c>hawq</c> tool as a process, and what it works on here.</summary>
internal static class HawqTool
{
    /// <summary>The float network.</summary>
    public static string Model { get; } = Path.Combine(AppContext.BaseDirectory, "data", "resnet8.onnx");

    /// <summary>The images as arguments: on a real cluster a folder, or files, that every silo reaches.</summary>
    public static IReadOnlyList<string> Images { get; } = ["--calibration", Path.Combine(AppContext.BaseDirectory, "data", "test_batch_200.bin"), "--preprocess", "none"];

    /// <summary>Runs the tool and returns what it has printed.</summary>
    /// <exception cref="InvalidOperationException">It has failed; the message is the tool's.</exception>
    public static async Task<byte[]> Run(params string[] arguments)
    {
        // From the project file: the tool of this repository. Elsewhere "hawq", after 'dotnet tool install'.
        string[] tool = ((string)AppContext.GetData("OrleansSample.HawqTool")!).Split('|');
        ProcessStartInfo start = new(tool[0]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])[.. tool[1..], .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        using MemoryStream output = new();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output.ToArray() : throw new InvalidOperationException($"hawq {string.Join(' ', arguments)}: exit code {process.ExitCode}. {await error}");
    }
}
