namespace Hawq.Model;

/// <summary>Writes manifests in their canonical form: the same network gives the same bytes, everywhere.</summary>
public static class ManifestWriter
{
    /// <summary>The text of a manifest; <see cref="ManifestReader"/> reads an equal network from it.</summary>
    /// <exception cref="HawqException">The network is not consistent.</exception>
    public static string Write(Network network)
    {
        if (NetworkValidator.Check(network).FirstOrDefault() is { } issue)
        {
            throw new HawqException(issue.Id, issue.Message);
        }

        CheckStrings(network);
        ManifestText text = new();
        using (text.Object(null, lines: true))
        {
            text.NewLine();
            text.String("format", ManifestReader.Format);
            text.NewLine();
            text.String("name", network.Name);
            text.NewLine();
            WriteProvenance(text, network.Provenance);
            text.NewLine();
            using (text.Object("weights"))
            {
                text.String("file", network.WeightsFile.File);
                text.Int("length", network.WeightsFile.Length);
                text.String("sha256", network.WeightsFile.Sha256);
            }

            text.NewLine();
            WriteInput(text, network.Input);
            text.NewLine();
            text.Strings("outputs", network.Outputs);
            text.NewLine();
            text.Strings("labels", network.Labels);
            text.NewLine();
            WriteTensors(text, network.Tensors);
            text.NewLine();
            WriteLayers(text, network.Layers);
        }

        text.End();
        return text.ToString();
    }

    private static void WriteProvenance(ManifestText text, Provenance provenance)
    {
        using (text.Object("provenance", lines: true))
        {
            text.NewLine();
            text.String("tool", provenance.Tool);
            text.String("source", provenance.Source);
            text.Int("opset", provenance.Opset);
            text.NewLine();
            text.String("sourceSha256", provenance.SourceSha256);
            text.NewLine();
            WriteSettings(text, "settings", provenance.Settings);
            if (provenance.Card.Count > 0)
            {
                text.NewLine();
                WriteSettings(text, "card", provenance.Card);
            }
        }
    }

    private static void WriteSettings(ManifestText text, string name, EquatableArray<Setting> settings)
    {
        using (text.Array(name, settings.Count > 0))
        {
            foreach (Setting setting in settings)
            {
                text.NewLine();
                text.StringsElement([setting.Name, setting.Value]);
            }
        }
    }

    private static void WriteInput(ManifestText text, NetworkInput input)
    {
        using (text.Object("input", lines: true))
        {
            text.NewLine();
            text.String("tensor", input.Tensor);
            text.NewLine();
            if (input.Preprocess is { } preprocess)
            {
                using (text.Object("preprocess"))
                {
                    text.String("name", preprocess.Name);
                    text.Int("resizeShorterSide", preprocess.ResizeShorterSide);
                    text.String("channelOrder", preprocess.ChannelOrder);
                    text.NewLine();
                    text.Float("pixelScale", preprocess.PixelScale);
                    text.Floats("mean", preprocess.Mean);
                    text.Floats("std", preprocess.Std);
                }
            }
            else
            {
                text.Null("preprocess");
            }

            text.NewLine();
            using (text.Array("pixelTables", input.PixelTables.Count > 0))
            {
                foreach (EquatableArray<int> table in input.PixelTables)
                {
                    text.NewLine();
                    text.IntsElement(table);
                }
            }
        }
    }

    private static void WriteTensors(ManifestText text, EquatableArray<Tensor> tensors)
    {
        using (text.Array("tensors", lines: true))
        {
            foreach (Tensor tensor in tensors)
            {
                text.NewLine();
                using (text.Object(null))
                {
                    text.String("name", tensor.Name);
                    text.Ints("shape", [tensor.Shape.Height, tensor.Shape.Width, tensor.Shape.Channels]);
                    text.Int("bits", tensor.Bits);
                    text.Int("lo", tensor.Lo);
                    text.Int("hi", tensor.Hi);
                    text.Int("zeroPoint", tensor.ZeroPoint);
                    text.Float("scale", tensor.Scale);
                }
            }
        }
    }

    private static void WriteLayers(ManifestText text, EquatableArray<Layer> layers)
    {
        using (text.Array("layers", layers.Count > 0))
        {
            foreach (Layer layer in layers)
            {
                LayerFormat format = LayerFormats.Find(layer.Op) ?? throw new NotSupportedException($"The manifest has no operator '{layer.Op}'.");
                text.NewLine();
                using (text.Object(null))
                {
                    text.String("name", layer.Name);
                    text.String("op", layer.Op);
                    format.Write(layer, text);
                }
            }
        }
    }

    // Names are checked by the validator; these strings are free text from files and command lines.
    private static void CheckStrings(Network network)
    {
        IEnumerable<string> strings = network.Labels
            .Concat(network.Provenance.Settings.Concat(network.Provenance.Card).SelectMany(setting => new[] { setting.Name, setting.Value }))
            .Concat([network.Provenance.Tool, network.Provenance.Source, network.Input.Preprocess?.Name ?? ""]);
        foreach (string text in strings)
        {
            if (!ManifestNames.IsPrintable(text) || text.Length > ManifestLimits.StringLength)
            {
                throw new HawqException(
                    HawqIds.ManifestField,
                    $"'{ManifestNames.Quote(text)}' cannot stand in a manifest: it holds a control character or has more than {ManifestLimits.StringLength} characters.");
            }
        }
    }
}
