using System.Text.Json;
using Hawq.Testing;
using Xunit;

namespace Hawq.Cli.Tests;

public sealed class SolveTests
{
    internal const string Instance = """
        {
          "network": "toy",
          "layers": [
            { "layer": "a", "averageTrace": 1, "perturbation8": 0, "perturbation4": 2, "parameters": 1048576 },
            { "layer": "b", "averageTrace": 1, "perturbation8": 0, "perturbation4": 1, "parameters": 1048576 }
          ],
          "instances": [{ "constraint": "size", "alpha": 0.5, "bits": "84" }]
        }
        """;

    [SharedDataFact]
    public async Task The_published_instances_are_solved_as_listed()
    {
        Outcome outcome = await Tool.Run("solve", SharedData.PathOf("hawq-ilp", "resnet18.json"), "--json");

        Assert.Equal(0, outcome.Code);
        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        Assert.Equal(
            ["8888888888888488884", "8888888888888884844", "8888888888888844444", "8888888848888484884", "8884888848884444444", "8884848444444444444",
                "8888888848888484884", "8888848848884484844", "8884848444444444444"],
            json.RootElement.GetProperty("solutions").EnumerateArray().Select(solution => solution.GetProperty("bits").GetString()!));
    }

    [Fact]
    public async Task Bits_objective_and_used_budget_are_printed()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = await Tool.Run("solve", folder.Write("toy.json", Instance));

        Assert.Equal(0, outcome.Code);
        string row = outcome.Output.Split('\n').Single(line => line.Contains("size", StringComparison.Ordinal));
        Assert.All(["0.5", "1.5000", "1.000000", "84", "same"], value => Assert.Contains(value, row, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Other_bits_than_listed_are_exit_code_3()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = await Tool.Run("solve", folder.Write("toy.json", Instance.Replace("\"84\"", "\"48\"", StringComparison.Ordinal)));

        Assert.Equal(3, outcome.Code);
        Assert.Contains("differs", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_instance_is_one_message_with_its_place()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("toy.json", Instance.Replace("\"averageTrace\": 1, \"perturbation8\": 0, \"perturbation4\": 2", "\"averageTrace\": \"x\"", StringComparison.Ordinal));
        Outcome outcome = await Tool.Run("solve", path);

        Assert.Equal(1, outcome.Code);
        Assert.StartsWith($"{path}(4,37): error HAWQ1103: A number is needed here", Assert.Single(outcome.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_budget_out_of_reach_is_one_message_with_the_amount()
    {
        using TemporaryFolder folder = new();
        Outcome outcome = await Tool.Run("solve", folder.Write("toy.json", Instance.Replace("\"alpha\": 0.5", "\"limit\": 0.9", StringComparison.Ordinal)));

        Assert.Equal(1, outcome.Code);
        Assert.Contains("the size budget is 0.9, but the least possible is 1: 0.1 too much", Assert.Single(outcome.ErrorLines), StringComparison.Ordinal);
    }
}
