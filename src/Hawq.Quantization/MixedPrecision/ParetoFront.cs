using System.Text.Json;
using Hawq.Model;
using Hawq.Onnx;
using Hawq.Quantization.Evaluation;
using Hawq.Quantization.Json;
using Hawq.Quantization.Lowering;
using Hawq.Quantization.Search;
using Hawq.Quantization.Sensitivity;

namespace Hawq.Quantization.MixedPrecision;

/// <summary>One network on the front.</summary>
/// <param name="Bits">Bits per layer, in execution order.</param>
/// <param name="Objective">Sum of the sensitivities.</param>
/// <param name="Cost">The cost that the front is about.</param>
/// <param name="Uniform">The option when every free layer has the same, or null.</param>
/// <param name="Measured">Against the float network, or null when not measured.</param>
public sealed record ParetoPoint(EquatableArray<LayerBits> Bits, double Objective, decimal Cost, LayerBits? Uniform, EvaluationResult? Measured);

/// <summary>The trade-off between one cost and the loss: the optimum for a row of budgets, and the uniform networks. Its file continues a stopped run.</summary>
/// <param name="Network">Name of the network.</param>
/// <param name="Cost"><see cref="CostNames"/>.</param>
/// <param name="Key">What the points belong to: sensitivities, options, data of the measurement.</param>
/// <param name="Layers">Names of the layers, in the order of the bits.</param>
/// <param name="Points">Points, by cost, each assignment once.</param>
public sealed record ParetoFront(string Network, string Cost, string Key, EquatableArray<string> Layers, EquatableArray<ParetoPoint> Points)
{
    /// <summary>Value of the field <c>format</c>.</summary>
    public const string Format = "hawq-pareto/1";

    /// <summary>The optimum for evenly spaced budgets on one cost, other budgets kept, and the uniform networks that fit those.</summary>
    /// <param name="graph">The float network.</param>
    /// <param name="sensitivities">The objective.</param>
    /// <param name="options">The search; a budget on <paramref name="cost"/> among them is replaced.</param>
    /// <param name="cost">The cost.</param>
    /// <param name="steps">Number of budgets, from alpha 0 to 1; at least 2.</param>
    /// <param name="key">Identity of what is measured.</param>
    public static ParetoFront Solve(FloatGraph graph, SensitivityTable sensitivities, MixedPrecisionOptions options, string cost, int steps, string key)
    {
        List<ParetoPoint> points = [];
        BitSearchProblem? problem = null;
        for (int step = 0; step < steps; step++)
        {
            problem = Problem(graph, sensitivities, options, cost, (decimal)step / (steps - 1));
            BitSearchSolution solution = BitSearch.Solve(problem, candidates: 1);
            int index = problem.Costs.ToList().IndexOf(cost);
            Add(solution.Best, index);
            foreach (UniformCandidate uniform in solution.Uniform.Where(uniform => uniform.Fits))
            {
                Add(uniform.Assignment, index);
            }
        }

        LayerBits? UniformOf(SearchAssignment assignment)
        {
            LayerBits[] free = [.. problem!.Layers.Select((layer, i) => (layer, bits: assignment.Bits[i])).Where(pair => !pair.layer.IsFixed).Select(pair => pair.bits).Distinct()];
            return free.Length == 1 ? free[0] : null;
        }

        void Add(SearchAssignment assignment, int index)
        {
            if (!points.Exists(point => point.Bits == assignment.Bits))
            {
                points.Add(new ParetoPoint(assignment.Bits, assignment.Objective, assignment.Costs[index], UniformOf(assignment), null));
            }
        }

        return new ParetoFront(
            graph.Name, cost, key, problem!.Layers.Select(layer => layer.Name).ToEquatableArray(),
            points.OrderBy(point => point.Cost).ThenBy(point => point.Objective).ToEquatableArray());
    }

    /// <summary>Random assignments that use up one budget, in place of a front: to see what a metric's prediction is worth.</summary>
    /// <param name="graph">The float network.</param>
    /// <param name="sensitivities">The objective.</param>
    /// <param name="options">The search.</param>
    /// <param name="cost">The cost.</param>
    /// <param name="alpha">The budget.</param>
    /// <param name="count">How many random assignments; the optimum comes before them.</param>
    /// <param name="key">Identity of what is measured.</param>
    public static ParetoFront DrawRandom(
        FloatGraph graph, SensitivityTable sensitivities, MixedPrecisionOptions options, string cost, decimal alpha, int count, string key)
    {
        BitSearchProblem problem = Problem(graph, sensitivities, options, cost, alpha);
        int index = problem.Costs.ToList().IndexOf(cost);
        return new ParetoFront(
            graph.Name, cost, key, problem.Layers.Select(layer => layer.Name).ToEquatableArray(),
            RandomAssignments.Draw(problem, count, seed: 5).Prepend(BitSearch.Solve(problem, candidates: 1).Best)
                .Select(assignment => new ParetoPoint(assignment.Bits, assignment.Objective, assignment.Costs[index], null, null)).ToEquatableArray());
    }

    private static BitSearchProblem Problem(FloatGraph graph, SensitivityTable sensitivities, MixedPrecisionOptions options, string cost, decimal alpha) =>
        MixedPrecisionProblem.Build(
            graph, sensitivities, options with { Budgets = [Budget.Between(cost, alpha), .. options.Budgets.Where(other => other.Cost != cost)] });

    /// <summary>The same front with the measurements of an earlier, stopped run taken over.</summary>
    public ParetoFront Continue(ParetoFront? earlier) => earlier?.Key != Key || earlier.Cost != Cost
        ? this
        : this with { Points = Points.Select(point => point with { Measured = earlier.Points.FirstOrDefault(other => other.Bits == point.Bits)?.Measured }).ToEquatableArray() };

    /// <summary>The bits of a point, for the quantizer.</summary>
    public BitAssignment BitsOf(ParetoPoint point) => new(LayerBits.Eight)
    {
        First = null,
        Last = null,
        Layers = Layers.Select((name, i) => (name, bits: point.Bits[i])).ToDictionary(pair => pair.name, pair => pair.bits),
    };

    /// <summary>Reads a file.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.BitSearchFile"/> with line and column, or <see cref="HawqIds.FileAccess"/>.</exception>
    public static ParetoFront Read(string path) => Read(JsonFile.Read(path, HawqIds.BitSearchFile));

    /// <summary>Reads UTF-8 text.</summary>
    /// <inheritdoc cref="Read(string)"/>
    public static ParetoFront Parse(byte[] utf8, string name) => Read(JsonFile.Parse(utf8, name, HawqIds.BitSearchFile));

    /// <summary>The bytes of a file.</summary>
    public byte[] Serialize() => JsonText.Object(writer =>
    {
        writer.WriteString("format", Format);
        writer.WriteString("network", Network);
        writer.WriteString("cost", Cost);
        writer.WriteString("key", Key);
        writer.WriteStartArray("layers");
        foreach (string layer in Layers)
        {
            writer.WriteStringValue(layer);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("points");
        foreach (ParetoPoint point in Points)
        {
            Write(writer, point);
        }

        writer.WriteEndArray();
    });

    private static void Write(Utf8JsonWriter writer, ParetoPoint point)
    {
        writer.WriteStartObject();
        writer.WriteNumber("cost", point.Cost);
        writer.WriteNumber("objective", point.Objective);
        if (point.Uniform is LayerBits uniform)
        {
            writer.WriteString("uniform", uniform.ToString());
        }

        writer.WriteString("bits", string.Join(" ", point.Bits));
        if (point.Measured is EvaluationResult measured)
        {
            writer.WriteStartObject("measured");
            writer.WriteNumber("images", measured.Count);
            foreach ((string name, double? value) in Figures(measured))
            {
                if (value is double number)
                {
                    writer.WriteNumber(name, number);
                }
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static (string Name, double? Value)[] Figures(EvaluationResult result) =>
        [("top1", result.Top1), ("agreement", result.Agreement), ("sqnrDb", result.SqnrDb), ("kl", result.Kl), ("floatTop1", result.FloatTop1)];

    private static ParetoFront Read(JsonFile file)
    {
        JsonFields root = file.Root.AsObject();
        JsonValue format = root["format"];
        if (format.AsText() != Format)
        {
            throw format.Error($"The format must be '{Format}'.");
        }

        string[] layers = [.. root["layers"].AsArray().Select(layer => layer.AsText())];
        ParetoFront front = new(
            root["network"].AsText(), root["cost"].AsText(), root["key"].AsText(), layers,
            root["points"].AsArray().Select(item => ReadPoint(item, layers.Length)).ToEquatableArray());
        root.End();
        return front;
    }

    private static ParetoPoint ReadPoint(JsonValue item, int layers)
    {
        JsonFields fields = item.AsObject();
        JsonValue bitsValue = fields["bits"];
        LayerBits[] bits = [.. bitsValue.AsText().Split(' ').Select(text => JsonBits.Parse(text, bitsValue))];
        if (bits.Length != layers)
        {
            throw bitsValue.Error($"There must be bits for each of the {layers} layers.");
        }

        EvaluationResult? measured = null;
        if (fields.Optional("measured") is JsonValue value)
        {
            JsonFields figures = value.AsObject();
            measured = new EvaluationResult(
                (int)figures["images"].AsWhole(1, int.MaxValue), figures.Optional("top1")?.AsDouble(), figures.Optional("agreement")?.AsDouble(),
                figures.Optional("sqnrDb")?.AsDouble(), figures.Optional("kl")?.AsDouble(), figures.Optional("floatTop1")?.AsDouble());
            figures.End();
        }

        ParetoPoint point = new(
            bits, fields["objective"].AsDouble(), fields["cost"].AsDecimal(), fields.Optional("uniform") is JsonValue uniform ? JsonBits.Read(uniform) : null, measured);
        fields.End();
        return point;
    }
}
