using Hawq.Testing;

namespace Hawq.Samples.Tests;

/// <summary>The samples' programs as they were built with these tests.</summary>
internal static class SamplePrograms
{
    /// <summary>Starts a sample, whose program has its name; <c>SAMPLE/PROGRAM</c> where it has another.</summary>
    public static RunningProgram Start(string sample, params string[] arguments) => Start(sample, new Dictionary<string, string>(), arguments);

    /// <summary>The same with environment variables.</summary>
    public static RunningProgram Start(string sample, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        // bin/Debug/net10.0 of the tests is bin/Debug/net10.0 of the sample.
        string[] build = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar).Split(Path.DirectorySeparatorChar)[^2..];
        return new RunningProgram(Path.Combine([Checkout.Root, "samples", sample.Split('/')[0], "bin", .. build, sample.Split('/')[^1] + ".dll"]), environment, arguments);
    }
}
