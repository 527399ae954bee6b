// Feeds changed inputs to every reader of untrusted files:
//   dotnet run -c Release --project tests/Hawq.Fuzz -- [--cases N] [--seed N] [--target manifest|generator|onnx|data|json]
// The cases are shared out between the targets where none is named. An input that is neither read nor refused with a message, takes too long or
// too much memory (512 MB for the whole process) is written to tests/Hawq.Fuzz/Regressions, where the tests find it from then on.
using System.Diagnostics;
using System.Globalization;
using Hawq.Fuzz;

int cases = Number("--cases", 10_000), seed = Number("--seed", 1);
string? only = Value("--target");
FuzzTarget[] targets = [.. FuzzTarget.All.Where(target => only is null || target.Name == only)];
if (targets.Length == 0)
{
    Console.Error.WriteLine($"--target {only}: known are {string.Join(", ", FuzzTarget.All.Select(target => target.Name))}.");
    return 2;
}

int found = 0;
foreach (FuzzTarget target in targets)
{
    Stopwatch clock = Stopwatch.StartNew();
    FuzzResult result = FuzzRun.Run(target, seed, cases / targets.Length, done => Console.Error.Write($"\r{target.Name}: {done}"));
    Console.Error.Write('\r');
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{target.Name}: {result.Accepted} accepted, {result.Refused} refused, {result.Findings.Count} findings; at most {result.MostBytes / 1e6:0.0} MB and {result.Slowest.TotalMilliseconds:0} ms for one case; {clock.Elapsed.TotalSeconds:0} s"));
    foreach (Finding finding in result.Findings)
    {
        Console.WriteLine($"  seed {finding.Seed}: {string.Join("\n    ", finding.What.Split('\n').Take(6))}");
        Regression.Save(target, finding);
    }

    found += result.Findings.Count;
}

Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{cases / targets.Length * targets.Length} cases, {found} findings, peak memory of the process {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:0} MB"));
return found == 0 ? 0 : 3;

string? Value(string name) => Array.IndexOf(args, name) is >= 0 and int at && at + 1 < args.Length ? args[at + 1] : null;

int Number(string name, int otherwise) => int.TryParse(Value(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;
