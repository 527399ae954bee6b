using System.Globalization;
using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>
/// Names of a network end up in comments, documentation and string literals. The manifest reader lets only printable ones through; a network
/// made in memory is checked here, so that no name can ever begin a line of code.
/// </summary>
internal static class PrintableNames
{
    /// <summary>Throws when a string that is printed into generated code holds a line end or another invisible character.</summary>
    /// <exception cref="HawqException">Names the string.</exception>
    public static void Require(NetworkPlan plan, EmitOptions options)
    {
        foreach (string text in Strings(plan.Network, options))
        {
            if (text.Any(IsInvisible))
            {
                string shown = new([.. text.Select(c => IsInvisible(c) ? '?' : c)]);
                throw new HawqException(HawqIds.ManifestField, $"'{shown}' holds a control or formatting character or a line end; names must be printable.");
            }
        }
    }

    // Formatting characters too: those that turn the direction of writing show a reviewer another text than the compiler reads.
    private static bool IsInvisible(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static IEnumerable<string> Strings(Network network, EmitOptions options) =>
    [
        options.ManifestFile, options.WeightsResource, network.Name, network.WeightsFile.File, network.WeightsFile.Sha256,
        network.Provenance.Tool, network.Provenance.Source, network.Provenance.SourceSha256,
        .. network.Provenance.Settings.SelectMany(setting => new[] { setting.Name, setting.Value }),
        network.Input.Preprocess?.ChannelOrder ?? string.Empty,
        .. network.Outputs, .. network.Labels, .. network.Tensors.Select(tensor => tensor.Name), .. network.Layers.Select(layer => layer.Name),
    ];
}
