using System.Text;
using Hawq.Model;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Search;
using Hawq.Testing;
using Xunit;

namespace Hawq.Quantization.Tests.Search;

public class SearchInstanceTests
{
    private const string Valid = """
        {
          "network": "toy",
          "tiedLayers": [[0, 1]],
          "layers": [
            { "layer": "a", "averageTrace": 1, "perturbation8": 0.01, "perturbation4": 1, "parameters": 1048576 },
            { "layer": "b", "averageTrace": 1, "perturbation8": 0.01, "perturbation4": 2, "parameters": 1048576 },
            { "layer": "c", "averageTrace": 0.5, "perturbation8": 0.01, "perturbation4": 1, "parameters": 2097152 }
          ],
          "instances": [
            { "constraint": "size", "alpha": 0.5, "limit": 3 }
          ]
        }
        """;

    [SharedDataFact]
    public void The_nine_published_resnet18_instances_have_the_published_answers()
    {
        SearchInstance instance = SearchInstanceReader.Read(SharedData.PathOf("hawq-ilp", "resnet18.json"));

        Assert.Equal(9, instance.Budgets.Count);
        Assert.All(instance.Budgets, budget =>
        {
            BitSearchSolution solution = BitSearch.Solve(instance.Problem(budget));
            Assert.Equal(budget.ExpectedBits, string.Concat(solution.Best.Bits.Select(bits => bits.Weights)));
            Assert.Equal(budget.Limit!.Value, solution.Budgets[0].Limit, 4);
        });
    }

    [SharedDataFact]
    public void The_published_optimum_use_and_gap_are_reproduced()
    {
        SearchInstance instance = SearchInstanceReader.Read(SharedData.PathOf("hawq-ilp", "resnet18.json"));

        BitSearchSolution solution = BitSearch.Solve(instance.Problem(instance.Budgets.Single(b => b is { Cost: InstanceBudget.Bops, Alpha: 0.5m })));

        Assert.Equal(0.215689, solution.Best.Objective, 6);
        Assert.Equal(0.001533, solution.GapToSecond!.Value, 6);
        Assert.Equal(65.0281m, Math.Round(solution.Budgets[0].Used, 4));
    }

    [Fact]
    public void A_small_instance_is_solved()
    {
        SearchInstance instance = Parse(Valid);

        // a and b are tied: c alone (0.5) is cheaper to lower than both (3), and exactly meets the budget.
        BitSearchSolution solution = BitSearch.Solve(instance.Problem(instance.Budgets[0]));

        Assert.Equal([LayerBits.Eight, LayerBits.Eight, new LayerBits(4, 4)], solution.Best.Bits);
        Assert.Equal(3, solution.Budgets[0].Used);
        Assert.Equal(0.52, solution.Best.Objective, 12);
    }

    [Theory]
    [InlineData("\"network\": \"toy\",", "\"network\": \"toy\", \"colour\": 1,", 2, "Unknown field 'colour'")]
    [InlineData("\"network\": \"toy\",", "\"network\": \"toy\", \"network\": \"toy\",", 2, "'network' is given twice")]
    [InlineData("\"network\": \"toy\",", "", 1, "'network' is missing")]
    [InlineData("\"averageTrace\": 0.5,", "", 7, "'averageTrace' is missing")]
    [InlineData("\"averageTrace\": 0.5,", "\"averageTrace\": \"0.5\",", 7, "A number is needed")]
    [InlineData("\"perturbation4\": 2,", "\"perturbation4\": -2,", 6, "from 0 to 1e15")]
    [InlineData("\"layer\": \"b\"", "\"layer\": \"a\"", 6, "'a' is used twice")]
    [InlineData("\"layer\": \"b\"", "\"index\": 2, \"layer\": \"b\"", 6, "must be 1")]
    [InlineData("[[0, 1]]", "[[0, 3]]", 3, "from 0 to 2")]
    [InlineData("[[0, 1]]", "[[0, 0]]", 3, "two or more different")]
    [InlineData("\"size\"", "\"energy\"", 10, "'size', 'bops' or 'lat'")]
    [InlineData("\"size\"", "\"bops\"", 10, "needs macsMillions for every layer; 'a' has none")]
    [InlineData("\"alpha\": 0.5", "\"alpha\": 1.5", 10, "between 0 and 1")]
    [InlineData("\"limit\": 3", "\"limit\": 3.1", 10, "not what alpha 0.5 gives: 3.")]
    [InlineData("\"limit\": 3", "\"bits\": \"88\"", 10, "for each of the 3 layers")]
    [InlineData("\"alpha\": 0.5, \"limit\": 3", "\"used\": 3", 10, "'alpha' or 'limit'")]
    [InlineData("\"tiedLayers\"", "\"units\": { \"size\": \"kB\" }, \"tiedLayers\"", 3, "must be 'bytes/2^20'")]
    [InlineData("[[0, 1]],", "[[0, 1]]", 4, "Not valid JSON")]
    public void A_damaged_instance_is_refused_with_its_place(string good, string bad, int line, string message)
    {
        string text = Valid.Replace(good, bad, StringComparison.Ordinal);
        Assert.NotEqual(Valid, text);

        HawqException error = Assert.Throws<HawqException>(() => Parse(text));

        Assert.Equal(HawqIds.BitSearchFile, error.Id);
        Assert.Equal(line, error.Line);
        Assert.True(error.Column > 0);
        Assert.Contains(message, error.Message);
        Assert.StartsWith($"toy.json({line},", error.Report);
    }

    [Fact]
    public void The_column_is_that_of_the_value()
    {
        HawqException error = Assert.Throws<HawqException>(() => Parse(Valid.Replace("0.5, \"limit\"", "\"x\", \"limit\"", StringComparison.Ordinal)));

        Assert.Equal((10, 38), (error.Line, error.Column));
    }

    [Fact]
    public void A_limit_alone_is_enough()
    {
        SearchInstance instance = Parse(Valid.Replace("\"alpha\": 0.5, ", "", StringComparison.Ordinal));

        Assert.Equal(3, BitSearch.Solve(instance.Problem(instance.Budgets[0])).Budgets[0].Limit);
    }

    private static SearchInstance Parse(string text) => SearchInstanceReader.Parse(Encoding.UTF8.GetBytes(text), "toy.json");
}
