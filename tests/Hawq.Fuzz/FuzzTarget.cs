using Hawq.Fuzz.Targets;

namespace Hawq.Fuzz;

/// <summary>A reader of untrusted bytes, and how bytes are made that it does not expect.</summary>
internal abstract class FuzzTarget
{
    /// <summary>All targets.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } = [new ManifestTarget(), new GeneratorTarget(), new OnnxTarget(), new DataTarget(), new JsonTarget()];

    /// <summary>Name on the command line, and folder of its regressions.</summary>
    public abstract string Name { get; }

    /// <summary>Cases that <c>dotnet test</c> tries.</summary>
    public virtual int TestCases => 600;

    /// <summary>An input: a good one, changed. The same random numbers give the same input.</summary>
    public abstract byte[] Mutant(Random random);

    /// <summary>
    /// Reads an input.
    /// </summary>
    /// <returns>Whether it was accepted; a refusal is a <see cref="Model.HawqException"/> inside. Anything else that is thrown is a finding.</returns>
    public abstract bool Accepts(byte[] input);
}

/// <summary>What a case turned up.</summary>
/// <param name="Seed">Seed of the case.</param>
/// <param name="Input">The input.</param>
/// <param name="What">The exception, or that time ran out.</param>
internal sealed record Finding(int Seed, byte[] Input, string What);

/// <summary>Cases in a row.</summary>
/// <param name="Accepted">Inputs that were read.</param>
/// <param name="Refused">Inputs that were refused with a message.</param>
/// <param name="Findings">Everything else.</param>
/// <param name="MostBytes">Most that one case allocated.</param>
/// <param name="Slowest">Longest time of one case.</param>
internal sealed record FuzzResult(int Accepted, int Refused, IReadOnlyList<Finding> Findings, long MostBytes, TimeSpan Slowest);

/// <summary>Runs cases of a target, one after the other.</summary>
internal static class FuzzRun
{
    /// <summary>Time of one case. A good input takes milliseconds; the limit is for the busiest of machines.</summary>
    public static readonly TimeSpan CaseLimit = TimeSpan.FromSeconds(20);

    /// <summary>Findings after which a run stops.</summary>
    private const int MaxFindings = 25;

    /// <summary>Runs cases; case i has the seed <paramref name="seed"/> + i and can be repeated alone.</summary>
    /// <param name="target">Target.</param>
    /// <param name="seed">Seed of the first case.</param>
    /// <param name="cases">Number of cases.</param>
    /// <param name="progress">Called now and then with the number of cases done.</param>
    public static FuzzResult Run(FuzzTarget target, int seed, int cases, Action<int>? progress = null)
    {
        int accepted = 0, refused = 0;
        long most = 0;
        TimeSpan slowest = TimeSpan.Zero;
        List<Finding> findings = [];
        for (int i = 0; i < cases && findings.Count < MaxFindings; i++)
        {
            byte[] input = target.Mutant(new Random(seed + i));
            Outcome outcome = Case(target, input);
            accepted += outcome.Accepted == true ? 1 : 0;
            refused += outcome.Accepted == false ? 1 : 0;
            most = Math.Max(most, outcome.Bytes);
            slowest = outcome.Time > slowest ? outcome.Time : slowest;
            if (outcome.Problem is { } problem)
            {
                findings.Add(new Finding(seed + i, input, problem));
            }

            if ((i + 1) % 1000 == 0)
            {
                progress?.Invoke(i + 1);
            }
        }

        return new FuzzResult(accepted, refused, findings, most, slowest);
    }

    /// <summary>What is wrong with how a target takes an input; null when it accepts or refuses it in time.</summary>
    public static string? Problem(FuzzTarget target, byte[] input) => Case(target, input).Problem;

    private static Outcome Case(FuzzTarget target, byte[] input)
    {
        Outcome outcome = new(null, "", 0, CaseLimit);
        Thread thread = new(() =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            bool? accepted = null;
            string? problem = null;
            try
            {
                accepted = target.Accepts(input);
            }
            catch (Exception error)
            {
                problem = error.ToString();
            }

            outcome = new Outcome(accepted, problem, GC.GetAllocatedBytesForCurrentThread() - before, System.Diagnostics.Stopwatch.GetElapsedTime(start));
        })
        {
            IsBackground = true, // one that hangs ends with the program
        };
        thread.Start();
        return thread.Join(CaseLimit) ? outcome : outcome with { Problem = $"not done after {CaseLimit.TotalSeconds} s" };
    }

    private readonly record struct Outcome(bool? Accepted, string? Problem, long Bytes, TimeSpan Time);
}
