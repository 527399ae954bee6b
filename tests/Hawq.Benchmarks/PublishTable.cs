using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Hawq.Testing;

namespace Hawq.Benchmarks;

/// <summary>The NativeAot sample (ResNet-20, 200 images) published in every way.</summary>
internal static class PublishTable
{
    private const int Starts = 21;

    /// <summary>Publishes, measures and prints a Markdown table.</summary>
    /// <returns>1 when the logits of two ways differ.</returns>
    public static int Print()
    {
        // A property on the command line also reaches the generator's projects, which can be neither trimmed nor compiled ahead of time.
        (string Name, string[] Arguments)[] ways =
        [
            ("framework-dependent, JIT", ["--self-contained", "false", "-p:PublishAot=false"]),
            ("single file, framework-dependent", ["--self-contained", "false", "-p:PublishAot=false", "-p:PublishSingleFile=true"]),
            ("trimmed, self-contained", ["--self-contained", "true", "-p:PublishAot=false", "-p:Trimmed=true"]),
            ("NativeAOT, SSE4.1 (HAWQ0201)", ["-p:IlcInstructionSet="]),
            ("NativeAOT, x86-64-v3", []),
        ];
        string root = Directory.CreateTempSubdirectory("hawq-publish-").FullName;
        List<string> hashes = [];
        try
        {
            Console.WriteLine($"| published | program and libraries, KB | process start to first answer, ms (median of {Starts}) | all of it, ms |");
            Console.WriteLine("|---|---|---|---|");
            foreach ((string name, string[] arguments) in ways)
            {
                string folder = Path.Combine(root, $"{hashes.Count}");
                Run("dotnet", Checkout.Root, ["publish", "samples/NativeAot", "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "-o", folder, "--nologo", "-v", "q", .. arguments]);
                string program = Path.Combine(folder, "NativeAot");
                List<double> first = [], whole = [];
                string output = "";
                for (int i = 0; i < Starts; i++)
                {
                    long start = Stopwatch.GetTimestamp();
                    output = Run(program, folder);
                    whole.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                    first.Add(double.Parse(Line(output, "start to first answer").Split(' ')[0], CultureInfo.InvariantCulture));
                }

                long bytes = Directory.EnumerateFiles(folder).Where(file => Path.GetExtension(file) is not (".dbg" or ".pdb" or ".json")).Sum(file => new FileInfo(file).Length);
                hashes.Add(Line(output, "sha256"));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {bytes / 1000} | {Median(first):F0} | {Median(whole):F0} |"));
            }
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }

        Console.WriteLine(hashes.Distinct().Count() == 1 ? $"Equal logits, sha256 {hashes[0][^12..]}" : "THE LOGITS DIFFER");
        return hashes.Distinct().Count() == 1 ? 0 : 1;
    }

    private static string Run(string program, string folder, params string[] arguments)
    {
        CommandResult result = DotNet.Start(program, folder, arguments);
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException($"{program}: exit code {result.ExitCode}\n{result.Output}");
    }

    private static string Line(string output, string label) =>
        output.Split('\n').Single(line => line.StartsWith(label, StringComparison.Ordinal))[label.Length..].Trim();

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
