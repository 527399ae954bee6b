namespace Hawq.Model;

internal sealed class LookupFormat : LayerFormat<LookupLayer>
{
    public override string Op => "lookup";

    protected override LookupLayer ReadLayer(string name, FieldReader fields)
    {
        string input = fields.String("input");
        string output = fields.String("output");
        EquatableArray<int>[] tables = fields.Items("tables", ManifestLimits.Dimension, 1)
            .Select(item => (EquatableArray<int>)fields.Items(item, "tables", LookupLayer.MaxEntries, 1)
                .Select(entry => (int)fields.Long(entry, "tables", int.MinValue, int.MaxValue)).ToArray())
            .ToArray();
        return new LookupLayer(name, input, output, tables);
    }

    protected override void WriteLayer(LookupLayer layer, ManifestText text)
    {
        text.String("input", layer.Input);
        text.String("output", layer.Output);
        text.NewLine();
        using (text.Array("tables"))
        {
            foreach (EquatableArray<int> table in layer.Tables)
            {
                text.NewLine();
                text.IntsElement(table);
            }
        }
    }

    protected override void CheckLayer(LookupLayer layer, Tensor[] inputs, Tensor output, LayerIssues issues)
    {
        Tensor x = inputs[0];
        issues.ExpectOutput(output, x.Shape.Height, x.Shape.Width, x.Shape.Channels);
        long entries = (long)x.Hi - x.Lo + 1;
        if (entries > LookupLayer.MaxEntries)
        {
            issues.Number("input", $"its input '{ManifestNames.Quote(x.Name)}' has {entries} codes; a table takes at most {LookupLayer.MaxEntries}");
            return;
        }

        if (layer.Tables.Count != 1 && layer.Tables.Count != x.Shape.Channels)
        {
            issues.Shape("tables", $"it has {layer.Tables.Count} tables; one, or one for each of {x.Shape.Channels} channels, is expected");
        }

        if (layer.Tables.Any(table => table.Count != entries))
        {
            issues.Shape("tables", $"its tables must have {entries} entries, one for each code of its input");
        }

        if (layer.Tables.Any(table => table.Any(code => code < output.Lo || code > output.Hi)))
        {
            issues.Number("tables", $"a table leaves the output's range [{output.Lo}, {output.Hi}]");
        }
    }
}
