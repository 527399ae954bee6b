using Hawq.Model;
using Hawq.Quantization.Json;

namespace Hawq.Quantization.Search;

/// <summary>Reads a <see cref="SearchInstance"/> from JSON, strictly: an unknown field, a wrong unit or a limit that contradicts its alpha is an
/// error with its place. The format is described in src/docs/bit-search.md.</summary>
public static class SearchInstanceReader
{
    /// <summary>A printed limit is rounded: it may differ from what alpha says by this part of itself.</summary>
    private const decimal LimitTolerance = 1e-4m;

    /// <summary>Layers, and budgets, of an instance: the work grows with their product.</summary>
    private const int MaxLayers = 10_000, MaxBudgets = 1_000;

    private static readonly Dictionary<string, string[]> s_units = new()
    {
        ["size"] = ["bytes/2^20"],
        ["bops"] = ["millions of MAC * (bits/32)^2"],
        ["latency"] = ["ms"],
    };

    /// <summary>Reads a file.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.BitSearchFile"/> with line and column, or <see cref="HawqIds.FileAccess"/>.</exception>
    public static SearchInstance Read(string path) => Read(JsonFile.Read(path, HawqIds.BitSearchFile));

    /// <summary>Reads UTF-8 text.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="name">What errors call it.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.BitSearchFile"/> with line and column.</exception>
    public static SearchInstance Parse(byte[] utf8, string name) => Read(JsonFile.Parse(utf8, name, HawqIds.BitSearchFile));

    private static SearchInstance Read(JsonFile file)
    {
        JsonFields root = file.Root.AsObject();
        foreach (string note in new[] { "source", "objective", "budget" })
        {
            root.Optional(note)?.AsText();
        }

        string network = root["network"].AsText();
        Units(root.Optional("units"));
        InstanceLayer[] layers = Layers(root["layers"]);
        EquatableArray<int>[] ties = root.Optional("tiedLayers") is JsonValue tied
            ? [.. tied.AsArray().Select(group => Tie(group, layers.Length))]
            : [];
        JsonValue budgetsValue = root["instances"];
        root.End();
        if (budgetsValue.AsArray().Count > MaxBudgets)
        {
            throw budgetsValue.Error($"There may be at most {MaxBudgets} instances.");
        }

        SearchInstance instance = new(network, layers, ties, EquatableArray.Of<InstanceBudget>());
        return instance with { Budgets = budgetsValue.AsArray().Select(value => ReadBudget(value, instance)).ToEquatableArray() };
    }

    private static void Units(JsonValue? value)
    {
        if (value?.AsObject() is not JsonFields units)
        {
            return;
        }

        foreach ((string name, string[] known) in s_units)
        {
            if (units.Optional(name) is JsonValue unit && !known.Any(text => unit.AsText() == text || unit.AsText().StartsWith(text + ",", StringComparison.Ordinal)))
            {
                throw unit.Error($"The unit of '{name}' must be '{string.Join("' or '", known)}'.");
            }
        }

        units.End();
    }

    private static InstanceLayer[] Layers(JsonValue value)
    {
        List<InstanceLayer> layers = [];
        HashSet<string> names = [];
        foreach (JsonValue item in value.AsArray())
        {
            JsonFields fields = item.AsObject();
            if (fields.Optional("index") is JsonValue index && index.AsWhole() != layers.Count)
            {
                throw index.Error($"The index must be {layers.Count}, the layer's place in the list.");
            }

            JsonValue name = fields["layer"];
            if (!names.Add(name.AsText()))
            {
                throw name.Error($"The layer name '{name.AsText()}' is used twice.");
            }

            layers.Add(new InstanceLayer(
                name.AsText(), fields["averageTrace"].AsDecimal(), NotNegative(fields["perturbation8"]), NotNegative(fields["perturbation4"]),
                fields.Optional("parameters")?.AsWhole(1, 1L << 40), NotNegative(fields, "macsMillions"), NotNegative(fields, "latency8Ms"), NotNegative(fields, "latency4Ms")));
            fields.End();
        }

        return layers.Count is > 0 and <= MaxLayers ? [.. layers] : throw value.Error($"There must be from one to {MaxLayers} layers.");
    }

    private static EquatableArray<int> Tie(JsonValue value, int layers)
    {
        int[] group = [.. value.AsArray().Select(index => (int)index.AsWhole(0, layers - 1))];
        return group.Length >= 2 && group.Distinct().Count() == group.Length ? group : throw value.Error("Tied layers are two or more different indices.");
    }

    private static InstanceBudget ReadBudget(JsonValue value, SearchInstance instance)
    {
        JsonFields fields = value.AsObject();
        JsonValue costValue = fields["constraint"];
        string cost = costValue.AsText();
        if (cost is not (InstanceBudget.Size or InstanceBudget.Bops or InstanceBudget.Latency))
        {
            throw costValue.Error("The constraint must be 'size', 'bops' or 'lat'.");
        }

        string needed = cost switch { InstanceBudget.Size => "parameters", InstanceBudget.Bops => "macsMillions", _ => "latency4Ms and latency8Ms" };
        InstanceLayer? without = instance.Layers.FirstOrDefault(layer => cost switch
        {
            InstanceBudget.Size => layer.Parameters is null,
            InstanceBudget.Bops => layer.MacsMillions is null,
            _ => layer.Latency4Ms is null || layer.Latency8Ms is null,
        });
        if (without is not null)
        {
            throw costValue.Error($"A '{cost}' constraint needs {needed} for every layer; '{without.Name}' has none.");
        }

        JsonValue? alpha = fields.Optional("alpha");
        if (alpha?.AsDecimal() is < 0 or > 1)
        {
            throw alpha.Error("Alpha must lie between 0 and 1.");
        }

        JsonValue? limit = fields.Optional("limit");
        if (alpha is null && limit is null)
        {
            throw value.Error("A constraint needs 'alpha' or 'limit'.");
        }

        JsonValue? bits = fields.Optional("bits");
        if (bits is not null && (bits.AsText().Length != instance.Layers.Count || bits.AsText().Any(digit => digit is not ('4' or '8'))))
        {
            throw bits.Error($"The bits must be one digit, 4 or 8, for each of the {instance.Layers.Count} layers.");
        }

        foreach (string name in new[] { "used", "optimum", "gapToSecond" })
        {
            fields.Optional(name)?.AsDecimal(); // what a tool printed earlier: known, and not needed
        }

        fields.End();
        InstanceBudget budget = new(cost, alpha?.AsDecimal(), limit?.AsDecimal(), bits?.AsText());
        if (alpha is not null && limit is not null)
        {
            BitSearchProblem problem = instance.Problem(budget);
            decimal exact = BitSearch.Limit(problem, problem.Budgets[0]);
            if (Math.Abs(exact - limit.AsDecimal()) > LimitTolerance * exact)
            {
                throw limit.Error(FormattableString.Invariant($"The limit is not what alpha {alpha.AsDecimal()} gives: {exact:0.####}. Leave one of the two out."));
            }
        }

        return budget;
    }

    private static decimal NotNegative(JsonValue value) => value.AsDecimal() is >= 0 and <= 1e15m and decimal number ? number : throw value.Error("A number from 0 to 1e15 is needed here.");

    private static decimal? NotNegative(JsonFields fields, string name) => fields.Optional(name) is JsonValue value ? NotNegative(value) : null;
}
