using Hawq.Testing;
using Xunit;

namespace Hawq.Model.Tests;

/// <summary>
/// Each case replaces a piece of a good manifest; a mark (¤) in the replacement stands where the error must be reported.
/// </summary>
public class BadManifestTests
{
    private const char Mark = '¤';
    private static readonly string s_good = Good();

    [Theory]
    // Syntax.
    [InlineData("\"format\": \"hawq/1\",", "\"format\": \"hawq/1\"", HawqIds.ManifestSyntax)]
    [InlineData("\"format\": \"hawq/1\"", "\"format\": ¤hawq", HawqIds.ManifestSyntax)]
    [InlineData("\"groups\": 1,", "\"groups\": 1,¤,", HawqIds.ManifestSyntax)]
    [InlineData("\"groups\": 1", "\"groups\": 0¤1", HawqIds.ManifestSyntax)]
    [InlineData("\"groups\": 1", "\"groups\": 1.¤", HawqIds.ManifestSyntax)]
    [InlineData("\"groups\": 1", "\"groups\": ¤[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", HawqIds.ManifestSyntax, 13)]
    [InlineData("\"RGB\"", "\"RG¤\\x\"", HawqIds.ManifestSyntax, 1)]
    // Version.
    [InlineData("\"hawq/1\"", "¤\"hawq/2\"", HawqIds.ManifestVersion)]
    // Fields.
    [InlineData("\"format\": \"hawq/1\"", "\"format\": ¤1", HawqIds.ManifestField)]
    [InlineData("\"groups\": 1", "¤\"group\": 1, \"groups\": 1", HawqIds.ManifestField)]
    [InlineData("\"groups\": 1", "\"groups\": 1, ¤\"groups\": 1", HawqIds.ManifestField)]
    [InlineData("\"groups\": 1", "\"groups\": ¤1.5", HawqIds.ManifestField)]
    [InlineData("\"groups\": 1", "\"groups\": ¤\"1\"", HawqIds.ManifestField)]
    [InlineData("\"groups\": 1", "\"groups\": ¤null", HawqIds.ManifestField)]
    [InlineData("\"op\": \"requantize\"", "\"op\": ¤\"requantise\"", HawqIds.ManifestField)]
    [InlineData("\"file\": \"bad.hawq.bin\"", "\"file\": ¤\"../bad.hawq.bin\"", HawqIds.ManifestField)]
    [InlineData("\"file\": \"bad.hawq.bin\"", "\"file\": ¤\"c:\\\\bad.hawq.bin\"", HawqIds.ManifestField)]
    [InlineData("\"name\": \"bad\"", "\"name\": ¤\"a/b\"", HawqIds.ManifestField)]
    [InlineData("\"name\": \"conv0\"", "\"name\": ¤\"a\\nb\"", HawqIds.ManifestField)]
    [InlineData("\"name\": \"conv0\"", "\"name\": ¤\"\\u202ea\"", HawqIds.ManifestField)]
    [InlineData("\"name\": \"conv0\"", "\"name\": ¤\"\"", HawqIds.ManifestField)]
    [InlineData("\"RGB\"", "\"RBG\"", HawqIds.ManifestField)]
    // Numbers.
    [InlineData("\"groups\": 1", "\"groups\": ¤0", HawqIds.ManifestNumber)]
    [InlineData("\"groups\": 1", "\"groups\": ¤99999999999999999999999", HawqIds.ManifestNumber)]
    [InlineData("\"shift\": [", "\"shift\": [¤0, ", HawqIds.ManifestNumber)]
    [InlineData("\"shift\": [", "\"shift\": [¤63, ", HawqIds.ManifestNumber)]
    [InlineData("\"requantize\": [", "\"requantize\": [¤1073741823, 40], \"was\": [", HawqIds.ManifestNumber)]
    [InlineData("\"requantize\": [", "\"requantize\": [¤2147483648, 40], \"was\": [", HawqIds.ManifestNumber)]
    [InlineData("\"zeroPoint\": 0, \"scale\"", "\"zeroPoint\": ¤128, \"scale\"", HawqIds.ManifestNumber)]
    [InlineData("\"scale\": ", "\"scale\": ¤0, \"was\": ", HawqIds.ManifestNumber)]
    [InlineData("\"scale\": ", "\"scale\": ¤1e39, \"was\": ", HawqIds.ManifestNumber)]
    [InlineData("\"bits\": 8, \"lo\": -127", "\"bits\": ¤7, \"lo\": -127", HawqIds.ManifestNumber)]
    [InlineData("\"lo\": -127", "\"lo\": ¤200", HawqIds.ManifestNumber)]
    [InlineData("\"offset\": 0", "\"offset\": 32", HawqIds.ManifestNumber)]
    [InlineData("\"offset\": 0", "\"offset\": 1048576", HawqIds.ManifestNumber)]
    [InlineData("\"offset\": 0, \"bits\": 8", "\"offset\": 0, \"bits\": ¤3", HawqIds.ManifestNumber)]
    // Graph.
    [InlineData("\"input\": \"input\"", "\"input\": ¤\"nobody\"", HawqIds.ManifestGraph)]
    [InlineData("\"input\": \"input\"", "\"input\": ¤\"conv0_out\"", HawqIds.ManifestGraph)]
    [InlineData("\"input\": \"input\"", "\"input\": ¤\"conv2_out\"", HawqIds.ManifestGraph)]
    [InlineData("\"b\": \"conv0_out\"", "\"b\": ¤\"nobody\"", HawqIds.ManifestGraph)]
    [InlineData("\"output\": \"conv2_out\"", "\"output\": ¤\"conv0_out\"", HawqIds.ManifestGraph)]
    [InlineData("\"output\": \"conv2_out\"", "\"output\": ¤\"input\"", HawqIds.ManifestGraph)]
    [InlineData("\"outputs\": [\"", "\"outputs\": [¤\"nobody\", \"", HawqIds.ManifestGraph)]
    [InlineData("\"outputs\": [\"", "\"outputs\": [¤\"input\", \"", HawqIds.ManifestGraph)]
    [InlineData("\"tensor\": \"input\"", "\"tensor\": ¤\"nobody\"", HawqIds.ManifestGraph)]
    [InlineData("\"name\": \"requantize1\"", "\"name\": ¤\"conv0\"", HawqIds.ManifestGraph)]
    [InlineData(
        "\"tensors\": [",
        "\"tensors\": [\n    {\"name\": ¤\"spare\", \"shape\": [1, 1, 1], \"bits\": 8, \"lo\": 0, \"hi\": 1, \"zeroPoint\": 0, \"scale\": 1},",
        HawqIds.ManifestGraph)]
    // Shapes.
    [InlineData("\"stride\": [1, 1]", "\"stride\": [2, 1]", HawqIds.ManifestShape)]
    [InlineData("\"stride\": [1, 1]", "\"stride\": ¤[1]", HawqIds.ManifestShape)]
    [InlineData("\"groups\": 1", "\"groups\": 2", HawqIds.ManifestShape)]
    [InlineData("\"bias\": [", "\"bias\": ¤[1, ", HawqIds.ManifestShape)]
    [InlineData("\"shift\": [", "\"shift\": ¤[40, ", HawqIds.ManifestShape)]
    [InlineData("\"weightScales\": [", "\"weightScales\": ¤[1, ", HawqIds.ManifestShape)]
    [InlineData("\"labels\": [", "\"labels\": ¤[\"one more\", ", HawqIds.ManifestShape)]
    [InlineData("\"windows\": [[1, ", "\"windows\": [[5, ", HawqIds.ManifestShape)]
    [InlineData("\"pixelTables\": [\n      [", "\"pixelTables\": [\n      ¤[1, ", HawqIds.ManifestShape)]
    [InlineData("\"startChannel\": 0", "\"startChannel\": 1", HawqIds.ManifestShape)]
    [InlineData("\"channels\": [1, 2]", "\"channels\": [1, 3]", HawqIds.ManifestShape)]
    [InlineData("\"mean\": [", "\"mean\": [1, ", HawqIds.ManifestShape)]
    public void Is_refused_at_its_place(string piece, string replacement, string id, int columnsLater = 0)
    {
        int at = s_good.IndexOf(piece, StringComparison.Ordinal);
        Assert.True(at >= 0, $"The good manifest does not hold {piece}.");
        string marked = s_good.Remove(at, piece.Length).Insert(at, replacement);
        int mark = marked.IndexOf(Mark, StringComparison.Ordinal);
        string bad = mark < 0 ? marked : marked.Remove(mark, 1);

        ManifestReadResult result = ManifestReader.Read(bad, "bad.hawq.json");

        Assert.Null(result.Network);
        if (mark < 0)
        {
            Assert.Contains(result.Diagnostics, diagnostic => diagnostic.Id == id);
            return;
        }

        string[] before = bad[..mark].Split('\n');
        (int Line, int Column) expected = (before.Length, before[^1].Length + 1 + columnsLater);
        Assert.Contains((id, expected.Line, expected.Column), result.Diagnostics.Select(diagnostic => (diagnostic.Id, diagnostic.Line, diagnostic.Column)));
        Assert.All(result.Diagnostics, diagnostic => Assert.Equal("bad.hawq.json", diagnostic.File));
    }

    [Theory]
    [InlineData("", HawqIds.ManifestSyntax, 1, 1)]
    [InlineData("{", HawqIds.ManifestSyntax, 1, 2)]
    [InlineData("[]", HawqIds.ManifestField, 1, 1)]
    [InlineData("{}", HawqIds.ManifestField, 1, 1)]
    [InlineData("{\r\n  \"format\": \"hawq/1\"\r\n} x", HawqIds.ManifestSyntax, 3, 3)]
    [InlineData("\uFEFF {\"format\": 7}", HawqIds.ManifestField, 1, 13)]
    [InlineData("{\"format\": \"hawq/1", HawqIds.ManifestSyntax, 1, 12)]
    [InlineData("PK\u0003\u0004", HawqIds.ManifestSyntax, 1, 1)]
    public void A_text_that_is_no_manifest_is_refused_at_its_place(string text, string id, int line, int column)
    {
        ManifestDiagnostic first = ManifestReader.Read(text, "f").Diagnostics[0];
        Assert.Equal((id, line, column), (first.Id, first.Line, first.Column));
    }

    [Fact]
    public void Several_errors_are_reported_in_the_order_of_the_text()
    {
        string bad = s_good.Replace("\"groups\": 1", "\"groups\": 0", StringComparison.Ordinal).Replace("\"scale\": ", "\"skale\": ", StringComparison.Ordinal);
        EquatableArray<ManifestDiagnostic> errors = ManifestReader.Read(bad, "f").Diagnostics;
        Assert.InRange(errors.Count, 5, ManifestLimits.Errors);
        Assert.Equal(errors.OrderBy(error => error.Line), errors);
    }

    [Fact]
    public void Reading_the_same_text_twice_gives_equal_results() =>
        Assert.Equal(ManifestReader.Read(s_good[..500], "f"), ManifestReader.Read(s_good[..500], "f"));

    public static TheoryData<string, Func<WeightFacts, WeightFacts>> WrongFacts => new()
    {
        { "beyond int32", facts => facts with { AccumulatorLo = -3_000_000_000 } },
        { "narrower than the biases", facts => facts with { AccumulatorLo = 0, AccumulatorHi = 0 } },
        { "wider than the sums allow", facts => facts with { AccumulatorHi = facts.AccumulatorHi + 100_000 } },
        { "negative positive sum", facts => facts with { PositiveSum = -1 } },
        { "more than the weights can sum to", facts => facts with { PositiveSum = 1L << 49 } },
        { "no windows", facts => facts with { Windows = default } },
        { "window beyond the sum", facts => facts with { Windows = facts.Windows.Select(w => w with { Positive = 5000 }).ToArray() } },
    };

    [Theory]
    [MemberData(nameof(WrongFacts))]
    public void Facts_that_contradict_the_layer_are_refused_at_their_place(string what, Func<WeightFacts, WeightFacts> change)
    {
        Network network = ManifestReader.Read(s_good, "f").Network!;
        Layer[] layers = network.Layers.ToArray();
        ConvLayer conv = (ConvLayer)layers[0];
        layers[0] = conv with { Facts = change(conv.Facts) };
        NetworkIssue issue = NetworkValidator.Check(network with { Layers = layers })[0];
        Assert.True((issue.Section, issue.Index, issue.Field) == ("layers", 0, "facts"), what);
    }

    [Fact]
    public void A_pixel_table_outside_the_inputs_range_is_refused()
    {
        Network network = ManifestReader.Read(s_good, "f").Network!;
        EquatableArray<int>[] tables = network.Input.PixelTables.ToArray();
        tables[2] = Enumerable.Repeat(128, 256).ToArray();
        NetworkIssue issue = NetworkValidator.Check(network with { Input = network.Input with { PixelTables = tables } }).Single();
        Assert.Equal((HawqIds.ManifestNumber, "input", "pixelTables"), (issue.Id, issue.Section, issue.Field));
    }

    [Fact]
    public void Overlapping_weights_are_refused()
    {
        Network network = ManifestReader.Read(s_good, "f").Network!;
        Layer[] layers = network.Layers.ToArray();
        int second = Array.FindLastIndex(layers, layer => layer is ConvLayer);
        layers[second] = (ConvLayer)layers[second] with { Weights = ((ConvLayer)layers[second]).Weights with { Offset = 0 } };
        Assert.Contains(NetworkValidator.Check(network with { Layers = layers }), issue => issue.Id == HawqIds.ManifestNumber && issue.Message.Contains("overlap", StringComparison.Ordinal));
    }

    [Fact]
    public void Mutated_manifests_never_throw()
    {
        Random random = new(11);
        string alphabet = "0123456789-.eE\"\\[]{}:, \nantruefls\u0000\uD800";
        int refused = 0;
        for (int i = 0; i < 2000; i++)
        {
            System.Text.StringBuilder text = new(s_good);
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                int at = random.Next(text.Length);
                switch (random.Next(5))
                {
                    case 0:
                        text.Remove(at, Math.Min(random.Next(1, 20), text.Length - at));
                        break;
                    case 1:
                        text.Insert(at, alphabet[random.Next(alphabet.Length)]);
                        break;
                    case 2:
                        text[at] = alphabet[random.Next(alphabet.Length)];
                        break;
                    case 3:
                        text.Insert(at, s_good.Substring(random.Next(s_good.Length - 40), 40));
                        break;
                    default:
                        int digit = s_good.AsSpan(at % s_good.Length).IndexOfAnyInRange('0', '9');
                        if (digit >= 0 && at + digit < text.Length)
                        {
                            text[at + digit] = (char)('0' + random.Next(10));
                        }

                        break;
                }

                if (text.Length < 100)
                {
                    break;
                }
            }

            ManifestReadResult result = ManifestReader.Read(text.ToString(), "f");
            Assert.Equal(result.Network is null, result.Diagnostics.Count > 0);
            refused += result.Network is null ? 1 : 0;
        }

        Assert.InRange(refused, 1500, 2000);
    }

    private static string Good()
    {
        NetworkBuilder b = new NetworkBuilder("bad", 4).Input(4, 4, 3, pixels: true);
        string stem = b.Conv(b.InputName, 3, 3, activation: Activation.Residual);
        string x = b.Conv(b.Requantize(stem, Activation.U7), 3, 3, activation: Activation.Branch);
        string sum = b.Requantize(b.Add(x, stem), Activation.U7);
        string padded = b.Pad(b.Slice(sum), default, 1, 2);
        return ManifestWriter.Write(b.Build(b.Gemm(b.GlobalAveragePool(padded), 4)).Network);
    }
}
