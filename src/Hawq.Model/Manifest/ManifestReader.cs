namespace Hawq.Model;

/// <summary>Reads the text of a manifest, <c>hawq/1</c>, strictly. Never throws on any text: it runs inside the compiler.</summary>
public static class ManifestReader
{
    /// <summary>The format that this reader reads.</summary>
    public const string Format = "hawq/1";

    /// <summary>Reads a manifest. The sidecar is not opened.</summary>
    /// <param name="text">Text of the manifest.</param>
    /// <param name="path">Its path, for the diagnostics.</param>
    public static ManifestReadResult Read(string text, string path)
    {
        ManifestErrors errors = new(path);
        try
        {
            JsonNode root = JsonParser.Parse(text);
            Network? network = ReadNetwork(root, errors);
            if (network is not null && !errors.Any)
            {
                Locate(NetworkValidator.Check(network), root, errors);
            }

            return new ManifestReadResult(errors.Any ? null : network, errors.ToSortedArray());
        }
        catch (JsonSyntaxException e)
        {
            errors.Add(HawqIds.ManifestSyntax, e.Position, e.Message);
            return new ManifestReadResult(null, errors.ToSortedArray());
        }
    }

    /// <summary>Whether a shape has at least one element and not more than <see cref="ManifestLimits.Elements"/>.</summary>
    internal static bool IsElementCount(params int[] dimensions)
    {
        long product = 1;
        foreach (int dimension in dimensions)
        {
            if (dimension is < 1 or > ManifestLimits.Dimension)
            {
                return false;
            }

            product *= dimension;
            if (product > ManifestLimits.Elements)
            {
                return false;
            }
        }

        return true;
    }

    private static Network? ReadNetwork(JsonNode root, ManifestErrors errors)
    {
        FieldReader fields = new(root, "the manifest", errors);
        string format = fields.String("format");
        if (errors.Any)
        {
            return null;
        }

        if (format != Format)
        {
            errors.Add(
                HawqIds.ManifestVersion, root.Member("format")!.Position,
                $"The format '{ManifestNames.Quote(format)}' is not one that this version reads; it reads {Format}. Quantize again with this version, or use the version that wrote it.");
            return null;
        }

        Network network = new(
            fields.String("name"),
            ReadProvenance(fields.Object("provenance")),
            ReadWeightsFile(fields.Object("weights")),
            ReadInput(fields.Object("input"), errors),
            fields.Strings("outputs", ManifestLimits.Layers),
            fields.Strings("labels", ManifestLimits.Labels),
            fields.Items("tensors", ManifestLimits.Layers).Select(item => ReadTensor(item, errors)).ToArray(),
            fields.Items("layers", ManifestLimits.Layers).Select(item => ReadLayer(item, errors)).OfType<Layer>().ToArray());
        fields.Done();
        return network;
    }

    private static Provenance ReadProvenance(FieldReader? fields)
    {
        if (fields is null)
        {
            return new Provenance("", "", "", 0, default);
        }

        string tool = fields.String("tool");
        string source = fields.String("source");
        string sha256 = fields.String("sourceSha256");
        int opset = fields.Int("opset", 0, 10_000);
        Setting[] settings = ReadSettings(fields, "settings");
        Setting[] card = fields.Has("card") ? ReadSettings(fields, "card") : [];
        fields.Done();
        return new Provenance(tool, source, sha256, opset, settings) { Card = card };
    }

    private static Setting[] ReadSettings(FieldReader fields, string name) => fields.Items(name, ManifestLimits.Labels).Select(item =>
    {
        List<JsonNode> pair = fields.Items(item, name, 2, 2);
        return pair.Count == 2 ? new Setting(fields.String(pair[0], name), fields.String(pair[1], name)) : new Setting("", "");
    }).ToArray();

    private static WeightsFile ReadWeightsFile(FieldReader? fields)
    {
        if (fields is null)
        {
            return new WeightsFile("", "", 0);
        }

        WeightsFile file = new(fields.String("file"), fields.String("sha256"), fields.Long("length", 0, int.MaxValue));
        fields.Done();
        return file;
    }

    private static NetworkInput ReadInput(FieldReader? fields, ManifestErrors errors)
    {
        if (fields is null)
        {
            return new NetworkInput("", default, null);
        }

        string tensor = fields.String("tensor");
        Preprocess? preprocess = fields.Take("preprocess") is { Kind: not JsonKind.Null } node ? ReadPreprocess(new FieldReader(node, "'preprocess'", errors)) : null;
        EquatableArray<int>[] tables = fields.Items("pixelTables", ManifestLimits.Dimension)
            .Select(item => (EquatableArray<int>)fields.Items(item, "pixelTables", 256, 256)
                .Select(entry => (int)fields.Long(entry, "pixelTables", int.MinValue, int.MaxValue)).ToArray())
            .ToArray();
        fields.Done();
        return new NetworkInput(tensor, tables, preprocess);
    }

    private static Preprocess ReadPreprocess(FieldReader fields)
    {
        Preprocess preprocess = new(
            fields.String("name"),
            fields.Int("resizeShorterSide", 0, ManifestLimits.Dimension),
            fields.String("channelOrder"),
            fields.PositiveFloat("pixelScale"),
            fields.Floats("mean", positive: false, ManifestLimits.Dimension),
            fields.Floats("std", positive: true, ManifestLimits.Dimension));
        fields.Done();
        return preprocess;
    }

    private static Tensor ReadTensor(JsonNode node, ManifestErrors errors)
    {
        FieldReader fields = new(node, "a tensor", errors);
        string name = fields.String("name");
        fields.What = $"tensor '{ManifestNames.Quote(name)}'";
        int[] shape = fields.IntTuple("shape", 3, 1, ManifestLimits.Dimension);
        Tensor tensor = new(
            name,
            new Shape(shape[0], shape[1], shape[2]),
            fields.Int("bits", 1, 32),
            fields.Int("lo", int.MinValue, int.MaxValue),
            fields.Int("hi", int.MinValue, int.MaxValue),
            fields.Int("zeroPoint", int.MinValue, int.MaxValue),
            fields.PositiveFloat("scale"));
        fields.Done();
        return tensor;
    }

    private static Layer? ReadLayer(JsonNode node, ManifestErrors errors)
    {
        FieldReader fields = new(node, "a layer", errors);
        string name = fields.String("name");
        fields.What = $"layer '{ManifestNames.Quote(name)}'";
        string op = fields.String("op");
        if (LayerFormats.Find(op) is { } format)
        {
            Layer layer = format.Read(name, fields);
            fields.Done();
            return layer;
        }

        if (node.Member("op") is { Kind: JsonKind.String } opNode)
        {
            fields.Error(HawqIds.ManifestField, opNode, $"{fields.What} has the unknown op '{ManifestNames.Quote(op)}'; known are {string.Join(", ", LayerFormats.Ops)}.");
        }

        return null;
    }

    private static void Locate(IReadOnlyList<NetworkIssue> issues, JsonNode root, ManifestErrors errors)
    {
        foreach (NetworkIssue issue in issues)
        {
            JsonNode node = root.Member(issue.Section) ?? root;
            node = issue.Index >= 0 && issue.Index < node.Items.Count ? node.Items[issue.Index] : node;
            node = issue.Field is not null && node.Member(issue.Field) is { } field ? field : node;
            errors.Add(issue.Id, node.Position, issue.Message);
        }
    }
}
