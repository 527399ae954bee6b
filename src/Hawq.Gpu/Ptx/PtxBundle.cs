using System.Globalization;
using System.Reflection;
using System.Text;
using Hawq.Model;

namespace Hawq.Gpu;

/// <summary>
/// The PTX of a network's kernels in one text: <c>hawq ptx --resource</c> writes it, a build embeds it beside the weights, and the network then loads
/// without ILGPU's compiler. The kernels have a network's scales and clamps baked in, so the text names the kernels that it was made from.
/// </summary>
/// <param name="Network">Name of the network.</param>
/// <param name="KernelsSha256">SHA-256 of the generated kernels.</param>
/// <param name="Kernels">Every distinct kernel, in the order of the launches.</param>
public sealed record PtxBundle(string Network, string KernelsSha256, IReadOnlyList<KernelPtx> Kernels)
{
    /// <summary>Ending of the files, and of the names of the resources.</summary>
    public const string Extension = ".ptx";

    private const string Header = "// hawq-ptx/1 ";
    private const string KernelHeader = "// kernel ";

    /// <summary>Compiles the kernels of a program.</summary>
    public static PtxBundle Create(DeviceProgram program)
    {
        ArgumentNullException.ThrowIfNull(program);
        return new PtxBundle(program.Network, program.KernelsSha256, OfflinePtx.Compile(program));
    }

    /// <summary>The bundle that is embedded in the assembly of the kernels; null without one.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.GpuStalePtx"/>: it was made from other kernels.</exception>
    public static PtxBundle? Find(DeviceProgram program)
    {
        ArgumentNullException.ThrowIfNull(program);
        Assembly assembly = program.Kernels.Assembly;
        return Find(program, assembly.GetManifestResourceNames(), name => new StreamReader(assembly.GetManifestResourceStream(name)!));
    }

    internal static PtxBundle? Find(DeviceProgram program, IEnumerable<string> resources, Func<string, TextReader> open)
    {
        string? stale = null;
        foreach (string name in resources.Where(name => name.EndsWith(Extension, StringComparison.Ordinal)))
        {
            using TextReader reader = open(name);
            if (ReadHeader(reader.ReadLine()) is not { } header || header.Network != program.Network)
            {
                continue;
            }

            if (header.Sha256 == program.KernelsSha256)
            {
                return new PtxBundle(header.Network, header.Sha256, ReadKernels(reader));
            }

            stale = name;
        }

        return stale is null
            ? null
            : throw new HawqException(
                HawqIds.GpuStalePtx,
                $"The embedded PTX '{stale}' was made from other kernels of the network '{program.Network}'. Run 'hawq ptx MANIFEST --resource FILE' again, or remove the file.");
    }

    /// <summary>The text: a line that says what it is, then every kernel behind a line with its name.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{Header}{KernelsSha256} {Network}\n");
        foreach (KernelPtx kernel in Kernels)
        {
            text.Append(CultureInfo.InvariantCulture, $"{KernelHeader}{kernel.Method} {kernel.Entry}\n{kernel.Text.TrimEnd('\n')}\n");
        }

        return text.ToString();
    }

    private static (string Sha256, string Network)? ReadHeader(string? line)
    {
        string[] words = line?.StartsWith(Header, StringComparison.Ordinal) == true ? line[Header.Length..].Split(' ', 2) : [];
        return words.Length == 2 ? (words[0], words[1]) : null;
    }

    private static List<KernelPtx> ReadKernels(TextReader reader)
    {
        List<(string[] Names, StringBuilder Text)> kernels = [];
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith(KernelHeader, StringComparison.Ordinal))
            {
                kernels.Add((line[KernelHeader.Length..].Split(' '), new StringBuilder()));
            }
            else
            {
                kernels[^1].Text.Append(line).Append('\n');
            }
        }

        return [.. kernels.Select(kernel => new KernelPtx(kernel.Names[0], kernel.Names[1], kernel.Text.ToString()))];
    }
}
