using Xunit;
using Xunit.Abstractions;

namespace Hawq.Fuzz;

/// <summary>A few hundred cases of every target, and every input that was ever a finding.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Cases = 600;

    public static TheoryData<string> Targets => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Changed_inputs_are_read_or_refused(string name)
    {
        FuzzResult result = FuzzRun.Run(FuzzTarget.All.Single(target => target.Name == name), seed: 1, Cases);

        output.WriteLine($"{result.Accepted} accepted, {result.Refused} refused, at most {result.MostBytes:N0} bytes for one");
        Assert.Empty(result.Findings.Select(finding => $"seed {finding.Seed}: {finding.What}"));
        Assert.True(result.Accepted > Cases / 50 && result.Refused > Cases / 50, "the changes are too weak or too strong to test anything");
    }

    [Fact]
    public void Inputs_that_once_failed_are_read_or_refused() =>
        Assert.All(Regression.All(), regression => Assert.Null(FuzzRun.Problem(regression.Target, File.ReadAllBytes(regression.File))));
}
