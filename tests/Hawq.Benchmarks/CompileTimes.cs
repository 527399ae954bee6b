using System.Diagnostics;
using System.Globalization;

namespace Hawq.Benchmarks;

/// <summary>What a network adds to the build of a project. Linux: processor time comes from /proc.</summary>
internal static class CompileTimes
{
    private const int Rounds = 3;

    /// <summary>Builds a program with the networks of some manifests, and one without, in turns, after the restore and from nothing; prints seconds.</summary>
    public static int Print(string[] manifests)
    {
        string root = Directory.CreateTempSubdirectory("hawq-compile-").FullName;
        try
        {
            List<ScratchProject> projects = [new(root, "Empty", "return;", "", generator: false)];
            foreach (string manifest in manifests)
            {
                string name = $"Network{projects.Count}";
                projects.Add(new(
                    root, name, $"using {name}.Model network = new();", $"""<HawqModel Include="{Path.GetFullPath(manifest)}" ClassName="Model" Namespace="{name}" />""", generator: true));
            }

            projects.ForEach(project => project.Run("restore", "--nologo", "-v", "q"));
            List<double>[] seconds = [.. projects.Select(_ => new List<double>())], processor = [.. projects.Select(_ => new List<double>())];
            for (int round = 0; round <= Rounds; round++)
            {
                for (int i = 0; i < projects.Count; i++)
                {
                    Delete(Path.Combine(projects[i].Folder, "bin"));
                    Delete(Path.Combine(projects[i].Folder, "obj", "Release"));
                    double before = ChildrenSeconds();
                    long start = Stopwatch.GetTimestamp();
                    projects[i].Run("build", "-c", "Release", "--no-restore", "--nologo", "-v", "q");
                    if (round > 0)
                    {
                        // The first round brings the SDK into the system's cache.
                        seconds[i].Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
                        processor[i].Add(ChildrenSeconds() - before);
                    }
                }
            }

            Console.WriteLine("| project | dotnet build, s (each round) | processor s | more than the empty one: s / processor s (medians) |");
            Console.WriteLine("|---|---|---|---|");
            for (int i = 0; i < projects.Count; i++)
            {
                string name = i == 0 ? "empty" : Path.GetFileName(manifests[i - 1]);
                string more = i == 0 ? "" : $"{Format(Median(seconds[i]) - Median(seconds[0]))} / {Format(Median(processor[i]) - Median(processor[0]))}";
                Console.WriteLine($"| {name} | {string.Join(", ", seconds[i].Select(Format))} | {string.Join(", ", processor[i].Select(Format))} | {more} |");
            }

            return 0;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    // Fields 16 and 17 of /proc/self/stat, in hundredths: processor time of ended children and theirs.
    private static double ChildrenSeconds()
    {
        string stat = File.ReadAllText("/proc/self/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[13], CultureInfo.InvariantCulture) + long.Parse(fields[14], CultureInfo.InvariantCulture)) / 100.0;
    }

    private static string Format(double value) => value.ToString("F1", CultureInfo.InvariantCulture);

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static void Delete(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
