using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>
/// Names of a network end up in comments, documentation and string literals. The manifest reader lets only printable ones through; a network
/// made in memory is checked here, so that no name can ever begin a line of code.
/// </summary>
internal static class PrintableNames
{
    /// <summary>Throws when a string that is printed into generated code holds a line end or another control character.</summary>
    /// <exception cref="HawqException">Names the string.</exception>
    public static void Require(NetworkPlan plan, EmitOptions options)
    {
        foreach (string text in Strings(plan.Network, options))
        {
            if (text.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029'))
            {
                string shown = new([.. text.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? '?' : c)]);
                throw new HawqException(HawqIds.ManifestField, $"'{shown}' holds a control character or a line end; names must be printable.");
            }
        }
    }

    private static IEnumerable<string> Strings(Network network, EmitOptions options) =>
    [
        options.ManifestFile, options.WeightsResource, network.Name, network.WeightsFile.File, network.WeightsFile.Sha256,
        network.Provenance.Tool, network.Provenance.Source, network.Provenance.SourceSha256,
        .. network.Provenance.Settings.SelectMany(setting => new[] { setting.Name, setting.Value }),
        network.Input.Preprocess?.ChannelOrder ?? string.Empty,
        .. network.Outputs, .. network.Labels, .. network.Tensors.Select(tensor => tensor.Name), .. network.Layers.Select(layer => layer.Name),
    ];
}
