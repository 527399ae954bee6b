using Xunit;
using Xunit.Abstractions;

namespace Hawq.Fuzz;

/// <summary>A few hundred cases of every target, and every input that was ever a finding.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    public static TheoryData<string> Targets => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Changed_inputs_are_read_or_refused(string name)
    {
        FuzzTarget target = FuzzTarget.All.Single(target => target.Name == name);
        FuzzResult result = FuzzRun.Run(target, seed: 1, target.TestCases);

        output.WriteLine($"{result.Accepted} accepted, {result.Refused} refused, at most {result.MostBytes:N0} bytes for one");
        Assert.Empty(result.Findings.Select(finding => $"seed {finding.Seed}: {finding.What}"));
        Assert.True(Math.Min(result.Accepted, result.Refused) > target.TestCases / 50, "the changes are too weak or too strong to test anything");
    }

    [Fact]
    public void Inputs_that_once_failed_are_read_or_refused() =>
        Assert.All(Regression.All(), regression => Assert.Null(FuzzRun.Problem(regression.Target, File.ReadAllBytes(regression.File))));
}
